package main

import (
	"cmp"
	"math"
	"slices"
)

// median returns the middle of values, the mean of both middles if there are two;
// zero for none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// percentile returns the least value that at least p of the values (0 < p ≤ 1) do
// not exceed: the nearest rank, so that it is always a value that was measured.
// Zero for none.
func percentile[T cmp.Ordered](values []T, p float64) T {
	if len(values) == 0 {
		var none T
		return none
	}
	sorted := slices.Sorted(slices.Values(values))
	rank := int(math.Ceil(p*float64(len(sorted)) - 1e-9)) // 0.99 × 100 is a little more than 99
	return sorted[min(max(rank, 1), len(sorted))-1]
}
