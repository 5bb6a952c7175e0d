package zohosim

// bounded is a map that forgets its oldest entries above a size, so that a simulator left
// running for weeks does not grow.
type bounded[V any] struct {
	limit int
	items map[string]V
	order []string
}

func newBounded[V any](limit int) *bounded[V] {
	return &bounded[V]{limit: limit, items: map[string]V{}}
}

func (b *bounded[V]) get(key string) (V, bool) {
	v, ok := b.items[key]
	return v, ok
}

func (b *bounded[V]) put(key string, v V) {
	if _, known := b.items[key]; !known {
		b.order = append(b.order, key)
	}
	b.items[key] = v
	for len(b.items) > b.limit {
		delete(b.items, b.order[0])
		b.order = b.order[1:]
	}
}

// each visits the entries from the oldest to the newest.
func (b *bounded[V]) each(visit func(V)) {
	for _, key := range b.order {
		visit(b.items[key])
	}
}
