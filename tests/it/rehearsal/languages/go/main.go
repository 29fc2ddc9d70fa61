// net/http, which the official library uses too.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	_ "github.com/lib/pq"
)

type subscription struct{ ID, Status, Customer string }

func isSigned(header string, body []byte) bool {
	var at string
	var signatures []string
	for _, part := range strings.Split(header, ",") {
		switch name, value, _ := strings.Cut(part, "="); name {
		case "t":
			at = value
		case "v1":
			signatures = append(signatures, value)
		}
	}
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)) > 5*time.Minute {
		return false
	}
	mac := hmac.New(sha256.New, []byte(os.Getenv("STRIPE_WEBHOOK_SECRET")))
	fmt.Fprintf(mac, "%s.%s", at, body)
	expected := hex.EncodeToString(mac.Sum(nil))
	for _, signature := range signatures {
		if hmac.Equal([]byte(signature), []byte(expected)) {
			return true
		}
	}
	return false
}

func retrieve(id string) (one subscription, err error) {
	request, err := http.NewRequest("GET", "https://api.stripe.com/v1/subscriptions/"+id, nil)
	if err != nil {
		return one, err
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("STRIPE_SECRET_KEY"))
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return one, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return one, fmt.Errorf("the provider answered %s", answer.Status)
	}
	return one, json.NewDecoder(answer.Body).Decode(&one)
}

func main() {
	db, err := sql.Open("postgres", os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	apply := func(body []byte) error {
		var event struct {
			Type string
			Data struct{ Object subscription }
		}
		if err := json.Unmarshal(body, &event); err != nil {
			return err
		}
		if !strings.HasPrefix(event.Type, "customer.subscription.") {
			return nil
		}
		one, err := retrieve(event.Data.Object.ID)
		if err == nil {
			_, err = db.Exec("update accts set status = $1 where stripe_customer_id = $2", one.Status, one.Customer)
		}
		return err
	}
	http.HandleFunc("/api/stripe/webhook", func(answer http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		if err != nil || !isSigned(request.Header.Get("Stripe-Signature"), body) {
			http.Error(answer, "refused", http.StatusBadRequest)
		} else if err := apply(body); err != nil {
			log.Print(err)
			http.Error(answer, "failed", http.StatusInternalServerError)
		}
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
