// Package strict reads JSON request bodies and accepts nothing that was not asked
// for: unknown or repeated fields, null, wrong types and trailing text are faults,
// all reported at once with JSON pointers, and no value is ever quoted.
package strict
