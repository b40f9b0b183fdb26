// Package transport speaks git's protocols with a remote, without git: ssh, git:// and http(s), and
// folders of this machine.
//
// Open connects to the remote's receive-pack and reads the references that it advertises. Push
// sends one pack and moves one reference; the report of the remote says whether it did. Refs and
// Fetch ask upload-pack. Nothing is read from the environment, and no program is ever started:
// credential helpers, ProxyCommand and hooks are not.
//
// A repository in a folder of this machine is written as git would: the pack gets the bases that it
// lacks, its idx is made by hashing every object, both take their names in the folder of the packs,
// and the reference moves under git's lock. What git alone can do, as running the hooks, is
// refused.
//
// The protocols, from git's gitprotocol-pack(5), gitprotocol-http(5) and gitprotocol-common(5): the
// remote sends a line per reference, the first with its capabilities; the sender answers with a
// line per reference to move and the pack; the remote ends with its report, beside which the texts
// of hooks come (sideband).
package transport
