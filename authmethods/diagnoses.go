package authmethods

var diagnoses []Diagnosis
