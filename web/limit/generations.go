package limit

// generations is a bounded memory of keys: the newer half and the older half of it.
// When the newer is full the older is forgotten, so that whoever comes with ever new
// keys makes us forget, never grow and never refuse others.
type generations[K comparable, V any] struct {
	most       int // of each half
	newer, old map[K]V
}

func (g *generations[K, V]) get(k K) (V, bool) {
	if v, ok := g.newer[k]; ok {
		return v, true
	}
	v, ok := g.old[k]
	return v, ok
}

func (g *generations[K, V]) set(k K, v V) {
	if _, ok := g.newer[k]; !ok && len(g.newer) >= g.most {
		g.old, g.newer = g.newer, nil
	}
	if g.newer == nil {
		g.newer = map[K]V{}
	}
	g.newer[k] = v
}
