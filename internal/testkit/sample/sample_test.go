package sample

import (
	"slices"
	"testing"
)

func TestEvery(t *testing.T) {
	for _, tt := range []struct {
		n         int
		all, want []int
	}{
		{1, []int{1, 2, 3}, []int{1, 2, 3}},
		{2, []int{1, 2, 3}, []int{1, 3}},
		{3, []int{1, 2, 3}, []int{1}},
		{9, []int{1, 2, 3}, []int{1}},
		{2, nil, nil},
	} {
		if got := everyNth(tt.n, tt.all); !slices.Equal(got, tt.want) {
			t.Errorf("every %d of %v: %v, want %v", tt.n, tt.all, got, tt.want)
		}
		want := tt.all
		if Only() {
			want = tt.want
		}
		if got := Every(tt.n, tt.all); !slices.Equal(got, want) {
			t.Errorf("Every(%d, %v) is %v, want %v", tt.n, tt.all, got, want)
		}
	}
}
