// Package words holds everything that people read, in each language: the catalogue
// of texts, the French of the diagnoses, and how a language writes numbers, dates
// and lists.
//
// A text is named by a key. The catalogue of a language is a folder with a file for
// each topic. Texts are added to en and fr alike, in files of the same name; tests see
// to it that no key is missing in a language, none is left over, and that French
// keeps its typography. A key that is put together in the code is one of a family:
// the code then names the beginning of the family, up to and with the last dot, as
// in Say("state." + state).
package words
