package schedule

import "testing"

// TestWordsOfCron: a word in the place of a time that cron does not know is no schedule, whatever a
// terminal would do with it.
func TestWordsOfCron(t *testing.T) {
	for _, word := range []string{"@\x1b]0;x\x07reboot", "@\u009b2J", "@every_5m\x7f"} {
		if jobs := crontab(word+" timemachine -d /x\n", UserCrontab, false); len(jobs) > 0 {
			t.Errorf("%q: %+v", word, jobs)
		}
	}
	if jobs := crontab("@reboot timemachine -d /x\n@daily timemachine\n", UserCrontab, false); len(jobs) != 2 {
		t.Errorf("%+v", jobs)
	}
}
