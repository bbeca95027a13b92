package cli

import (
	"os"

	ucli "github.com/urfave/cli/v2"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/embed/chat"
)

// chatFlags choose the language model that is asked.
type chatFlags struct {
	baseURL, model, keyEnv  string
	rate                    int
	allowInsecure, noSchema bool
	priceIn, priceOut       float64
}

func (o *chatFlags) flags() []ucli.Flag {
	return []ucli.Flag{
		&ucli.StringFlag{Name: "base-url", Usage: "`URL` of the server, up to and with /v1", DefaultText: "OpenAI's", Destination: &o.baseURL},
		&ucli.StringFlag{Name: "model", Usage: "chat model of the server", Destination: &o.model},
		&ucli.StringFlag{Name: "key-env", Value: defaultKeyEnv, Usage: "environment variable that holds the key", Destination: &o.keyEnv},
		&ucli.IntFlag{Name: "rate", Usage: "at most `N` requests a minute; 0 for no limit", Destination: &o.rate},
		boolFlag("allow-insecure", "permit http to other machines than this one and its private network", &o.allowInsecure),
		boolFlag("no-json-schema", "for servers that know no response_format", &o.noSchema),
		&ucli.Float64Flag{Name: "price-in", Usage: "what a million tokens of prompts cost, to tell the cost", Destination: &o.priceIn},
		&ucli.Float64Flag{Name: "price-out", Usage: "what a million tokens of answers cost", Destination: &o.priceOut},
	}
}

func (o *chatFlags) open(a *app) (chat.Completer, error) {
	switch {
	case o.model == "":
		return nil, usagef("which model is to be asked? name it with --model, and its server with --base-url")
	case o.rate < 0 || o.priceIn < 0 || o.priceOut < 0:
		return nil, usagef("--rate, --price-in and --price-out cannot be negative")
	}
	c, err := chat.New(chat.Config{
		BaseURL: o.baseURL, Model: o.model, RequestsAMin: o.rate, AllowInsecure: o.allowInsecure, NoSchema: o.noSchema,
		Key: embed.NewSecret(os.Getenv(o.keyEnv)), Log: a.logger(),
	})
	if err != nil {
		return nil, usagef("%s", plain(err))
	}
	return c, nil
}

func (o *chatFlags) price() chat.Price { return chat.Price{In: o.priceIn, Out: o.priceOut} }

// userName is who decides, for the log of the store.
func userName() string {
	for _, name := range []string{"KEN_USER", "USER", "USERNAME"} {
		if v := os.Getenv(name); v != "" {
			return v
		}
	}
	return "unknown"
}
