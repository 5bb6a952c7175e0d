// Package strict reads JSON request bodies and accepts nothing that was not asked
// for: unknown or repeated fields, null, wrong types and trailing text are faults,
// all reported at once with JSON pointers, and no value is ever quoted.
//
// It has a parser of its own because every loan passes through it: encoding/json
// stops at the first fault, takes repeated names and other cases of a name, and
// costs several times as much. A fuzz target holds the two against each other.
package strict
