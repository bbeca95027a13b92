package chat_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/kenrec/ken/embed/chat"
	"github.com/kenrec/ken/embed/chat/chattest"
)

// Answers are kept: the second request is answered without asking anybody.
func ExampleNewCached() {
	model := &chattest.Model{Reply: func(chat.Request) (string, error) { return `{"genre":"crime"}`, nil }}
	c := chat.NewCached(model, &chattest.Cache{}, "genres-1")
	request := chat.Request{
		Messages: []chat.Message{{Role: chat.System, Content: "Answer with the genre."}, {Role: chat.User, Content: "Heat"}},
		Name:     "genre", Schema: json.RawMessage(`{"type":"object"}`),
	}
	for range 2 {
		a, err := c.Complete(context.Background(), request)
		if err != nil {
			panic(err)
		}
		fmt.Println(a.Text, a.Cached)
	}
	fmt.Printf("%d request, %.2f for a million like it\n", len(model.Asked()), chat.Price{In: 0.15, Out: 0.6}.Cost(chat.Usage{In: 10e6, Out: 5e6}))
	// Output:
	// {"genre":"crime"} false
	// {"genre":"crime"} true
	// 1 request, 4.50 for a million like it
}
