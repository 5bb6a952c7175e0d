package main

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestThePercentileIsTheNearestRank(t *testing.T) {
	hundred := make([]int, 100)
	for i := range hundred {
		hundred[i] = 100 - i // 1 to 100, the highest first
	}
	for _, c := range []struct {
		name   string
		values []int
		p      float64
		want   int
	}{
		{"none", nil, 0.99, 0},
		{"one", []int{7}, 0.99, 7},
		{"the median of three", []int{3, 1, 2}, 0.5, 2},
		{"p99 of a hundred is not the highest", hundred, 0.99, 99},
		{"p100 is the highest", hundred, 1, 100},
		{"p99 of ten is the highest", []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 0.99, 10},
		{"p1 of a hundred is the lowest", hundred, 0.01, 1},
	} {
		if got := percentile(c.values, c.p); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}

func TestEnoughValuesAreWithinThePercentileAndNoFewerWouldDo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.IntRange(0, 50), 1, 300).Draw(t, "values")
		hundredths := rapid.IntRange(1, 100).Draw(t, "hundredths")
		before := slices.Clone(values)
		got := percentile(values, float64(hundredths)/100)
		within, below := 0, 0
		for _, v := range values {
			if v <= got {
				within++
			}
			if v < got {
				below++
			}
		}
		if 100*within < hundredths*len(values) || 100*below >= hundredths*len(values) {
			t.Fatalf("%d of %d are within %d, %d below", within, len(values), got, below)
		}
		if !slices.Equal(values, before) {
			t.Fatal("the values were put in another order")
		}
	})
}

func TestTheMedian(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{4}, 4}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 3, 2}, 2.5}} {
		if got := median(c.values); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("of %v: got %g, want %g", c.values, got, c.want)
		}
	}
}
