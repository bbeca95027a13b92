package split

import "iter"

// pairs numbers the distinct (user, item) of events by first sight.
type pairs struct {
	of    []int32 // event -> pair
	first []int32 // pair -> its first event in the order given
	n     int
}

func pairsOf(events []Event) pairs {
	p := pairs{of: make([]int32, len(events))}
	number := make(map[[2]int32]int32, len(events))
	for at, e := range events {
		id, ok := number[[2]int32{e.User, e.Item}]
		if !ok {
			id = int32(len(p.first))
			number[[2]int32{e.User, e.Item}] = id
			p.first = append(p.first, int32(at))
		}
		p.of[at] = id
	}
	p.n = len(p.first)
	return p
}

// byUser yields each user with their pairs, users and pairs in the order of first sight.
func (p pairs) byUser(events []Event) iter.Seq2[int32, []int32] {
	place := make(map[int32]int)
	var users []int32
	var lists [][]int32
	for pair, at := range p.first {
		u := events[at].User
		j, ok := place[u]
		if !ok {
			j = len(users)
			place[u] = j
			users, lists = append(users, u), append(lists, nil)
		}
		lists[j] = append(lists[j], int32(pair))
	}
	return func(yield func(int32, []int32) bool) {
		for j, u := range users {
			if !yield(u, lists[j]) {
				return
			}
		}
	}
}

// firstTimes returns for each pair the earliest time among its events.
func (p pairs) firstTimes(events []Event) []int64 {
	times := make([]int64, p.n)
	for pair, at := range p.first {
		times[pair] = events[at].Time
	}
	for at, e := range events {
		times[p.of[at]] = min(times[p.of[at]], e.Time)
	}
	return times
}
