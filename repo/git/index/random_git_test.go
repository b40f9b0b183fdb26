package index

import (
	"math/rand/v2"
	"testing"
)

// TestMergeSequence lets us and a user with git work on one index in turns. Names are few, so that
// files and folders take each other's place.
func TestMergeSequence(t *testing.T) {
	for seed := range uint64(2) {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 0))
			r := newGitRepo(t)
			one, two := r.blob("one"), r.blob("two")
			for range 8 {
				var changes []Change
				for range 1 + random.IntN(5) {
					c := Change{Path: randomPath(random), Mode: 0100644, ID: one, Remove: random.IntN(3) == 0}
					if _, err := settle(append(changes, c)); err == nil {
						// no file and folder of one name
						changes = append(changes, c)
					}
				}
				r.mergeAsGit(changes)
				r.checkTree(r.readIndex())
				switch random.IntN(4) {
				case 0:
					r.stage(two, randomPath(random))
				case 1:
					r.stage(two, randomPath(random))
					r.git("write-tree")
				case 2:
					r.commit()
				}
			}
			r.git("fsck", "--strict")
		})
	}
}

func randomPath(random *rand.Rand) string {
	parts := []string{"a", "a-", "a0", "b"}
	path := parts[random.IntN(len(parts))]
	for random.IntN(3) > 0 {
		path += "/" + parts[random.IntN(len(parts))]
	}
	return path
}
