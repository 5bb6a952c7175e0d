package authmethods

// Faults collects what is wrong with a request.
type Faults []FieldError

// Add adds a fault; an empty detail is none.
func (f *Faults) Add(pointer, detail string) {
	if detail != "" {
		*f = append(*f, FieldError{Pointer: pointer, Detail: detail})
	}
}

// Problem is all faults at once; nil if there are none.
func (f Faults) Problem() error {
	if len(f) == 0 {
		return nil
	}
	return &Problem{Kind: Invalid, Code: CodeInvalidRequest, Detail: "The request is not valid.", Fields: f}
}
