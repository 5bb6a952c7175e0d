// Package lifeboat keeps answers of token endpoints in a file while the database
// is away: the provider may have rotated the refresh token, so that an answer is
// the only copy of a grant.
//
// The file takes its whole room, 1 MiB, when it is made, with zeros that are
// really written. So a full disk does not matter later, except on file systems
// that never write in place (Btrfs, ZFS). Its owner alone may read it, one
// process at a time has it open, and the answers in it were sealed by the caller.
// The names beside them (tenant, grant, attempt, lineage) are not.
//
// # The file
//
// It is 256 blocks of 4,096 bytes, and numbers are big-endian. Block 0 is the
// header: "LKBOAT\r\n", then the version of the format in 4 bytes, now 1. It is
// written once, after the room for all others is there. A file of nothing but
// zeros is one whose making was cut off, and is made anew.
//
// A record begins at the start of a block and takes as many as it needs, so that
// writing one that is cut off harms no other:
//
//	 0   8  "LKRECORD"
//	 8   4  length of what follows the checksum
//	12   4  CRC-32C of the 12 bytes before it and of what follows it
//	16   8  number: records are in the order of their numbers
//	24   8  epoch
//	32   8  version
//	40  12  when the request was sent: seconds since 1970 (8), nanoseconds (4)
//	52      tenant, grant, attempt, lineage, answer: each its length (4) and bytes
//
// Free blocks are zeros. To remove a record is to write zeros over it. What is
// neither a record nor zeros is damaged: cut off by a crash while it was written
// or removed, or spoilt by the disk. It stays where it is for as long as there is
// other room.
package lifeboat
