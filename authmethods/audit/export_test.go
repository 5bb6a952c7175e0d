package audit

// RecordAt is [Record] at another time.
var RecordAt = recordAt
