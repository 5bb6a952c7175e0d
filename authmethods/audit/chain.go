package audit

import (
	"crypto/sha256"
	"encoding/binary"

	"latchkey/authmethods"
)

// origin is what the first event of a tenant's chain follows. It holds the tenant,
// so that no chain can be passed off as another's.
func origin(tenant authmethods.TenantID) []byte {
	sum := sha256.Sum256(appendTexts(nil, "latchkey audit v1", string(tenant)))
	return sum[:]
}

// link returns the hash of the event in r behind previous. Every text goes in
// behind its length, so that no two events give the same bytes.
func link(previous []byte, r *eventRow) []byte {
	b := appendTexts(nil, string(previous), string(r.ID))
	b = binary.BigEndian.AppendUint64(b, uint64(r.Seq))
	b = binary.BigEndian.AppendUint64(b, uint64(r.CreatedAt))
	b = appendTexts(b, r.ActorKind, r.ActorID, r.ActorName, r.Action, r.ObjectID, r.ObjectRef, r.RequestID, r.Changes)
	sum := sha256.Sum256(b)
	return sum[:]
}

func appendTexts(b []byte, texts ...string) []byte {
	for _, t := range texts {
		b = binary.BigEndian.AppendUint32(b, uint32(len(t)))
		b = append(b, t...)
	}
	return b
}
