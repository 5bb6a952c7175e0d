package backup

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The tags of values.
const (
	tagNull   = 0
	tagNumber = 1
	tagText   = 2
	tagBytes  = 3
)

// appendRow appends the encoding of a row: for each value its tag, and a number as
// a signed varint, anything else as its length and its bytes.
func appendRow(b []byte, row []any) ([]byte, error) {
	for _, v := range row {
		switch v := v.(type) {
		case nil:
			b = append(b, tagNull)
		case int64:
			b = binary.AppendVarint(append(b, tagNumber), v)
		case string:
			b = append(binary.AppendUvarint(append(b, tagText), uint64(len(v))), v...)
		case []byte:
			b = append(binary.AppendUvarint(append(b, tagBytes), uint64(len(v))), v...)
		default:
			return b, fmt.Errorf("a value of the type %T", v)
		}
	}
	return b, nil
}

var errRow = errors.New("a row that cannot be read")

// parseRow reads a row of width values. They do not share the memory of b.
func parseRow(b []byte, width int) ([]any, error) {
	row := make([]any, width)
	for i := range row {
		if len(b) == 0 {
			return nil, errRow
		}
		tag := b[0]
		b = b[1:]
		switch tag {
		case tagNull:
		case tagNumber:
			v, n := binary.Varint(b)
			if n <= 0 {
				return nil, errRow
			}
			row[i], b = v, b[n:]
		case tagText, tagBytes:
			size, n := binary.Uvarint(b)
			if n <= 0 || size > uint64(len(b)-n) {
				return nil, errRow
			}
			value := b[n : n+int(size)]
			if b = b[n+int(size):]; tag == tagText {
				row[i] = string(value)
			} else {
				row[i] = append([]byte{}, value...)
			}
		default:
			return nil, errRow
		}
	}
	if len(b) > 0 {
		return nil, errRow
	}
	return row, nil
}
