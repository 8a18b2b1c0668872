package main

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
)

// at is what somebody reads at an address.
func (f *fortress) at(path, token string) (int, string) {
	f.t.Helper()
	code, text, _ := f.ask("GET", path, "", "Authorization", "Bearer "+token)
	return code, text
}

// fill sends a form as somebody's browser does.
func (f *fortress) fill(path, token string, form url.Values) (int, string, http.Header) {
	f.t.Helper()
	return f.ask("POST", path, form.Encode(), "Authorization", "Bearer "+token, "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin")
}

// TestPagesShowWhatRolesAllow: the map of a store's token is of that store, subscriptions
// are their owners', and who may not have something is refused on its page, too.
func TestPagesShowWhatRolesAllow(t *testing.T) {
	f := newFortress(t, "--survey-url=https://ask.example.com/")
	f.plant()
	whole := f.token(nil)
	if code, text := f.at("/heatmap?brand=demo&min=1", whole); code != http.StatusOK || !strings.Contains(text, plantedName) || !strings.Contains(text, "Second") {
		t.Errorf("the whole map: HTTP %d", code)
	}
	store := f.token(jwt.MapClaims{"subjects": []string{"STORE/2"}})
	for _, path := range []string{"/heatmap?brand=demo&min=1", "/csv/heatmap?brand=demo&min=1", "/heatmap?brand=demo&min=1&subject=STORE:2"} {
		if code, text := f.at(path, store); code != http.StatusOK || strings.Contains(text, plantedName) || !strings.Contains(text, "Second") && !strings.Contains(path, "subject") {
			t.Errorf("%s of one store: HTTP %d: %s", path, code, text)
		}
	}
	if code, text := f.at("/heatmap?brand=demo&subject=STORE:1", store); code == http.StatusOK && strings.Contains(text, "n = ") || strings.Contains(text, plantedName) {
		t.Errorf("another store's map: HTTP %d", code)
	}
	for path, role := range map[string]string{"/heatmap": "no.reports.read", "/subscriptions": "no.subscriptions.read", "/survey-links": "no.responses.detail"} {
		code, text := f.at(path+"?brand=demo&lang=en", f.token(jwt.MapClaims{"roles": role}))
		if code != http.StatusForbidden && !strings.Contains(text, "you may not see it") {
			t.Errorf("%s, %s: HTTP %d", path, role, code)
		}
	}
	f.linkPages(t)
	f.subscriptionPages(t)
}

// linkPages: links are the whole brand's; who may make them and not list them is shown
// the one just made.
func (f *fortress) linkPages(t *testing.T) {
	t.Helper()
	form := url.Values{"survey": {"visit"}, "whom": {"everybody"}}
	store := f.token(jwt.MapClaims{"subjects": []string{"STORE/2"}})
	if code, text, _ := f.fill("/survey-links/new?brand=demo&lang=en", store, form); code != http.StatusForbidden || strings.Contains(text, "/s/demo.") {
		t.Errorf("one store makes a link: HTTP %d", code)
	}
	if _, text := f.at("/survey-links?brand=demo&lang=en", store); !strings.Contains(text, "you may not see it") {
		t.Error("one store lists links")
	}
	maker := f.token(jwt.MapClaims{"roles": "no.responses.detail"})
	code, text, _ := f.fill("/survey-links/new?brand=demo&lang=en", maker, form)
	if code != http.StatusOK || !strings.Contains(text, `aria-label="QR code of https://ask.example.com/s/demo.`) {
		t.Errorf("who makes links does not see it: HTTP %d", code)
	}
	id := regexp.MustCompile(`/survey-links/(\d+)/code\.svg`).FindStringSubmatch(text)
	if id == nil {
		t.Fatal("no file of the code")
	}
	if code, text := f.at("/survey-links/"+id[1]+"/code.svg?brand=demo", maker); code != http.StatusForbidden || strings.Contains(text, "<path") {
		t.Errorf("who may not list links has one: HTTP %d", code)
	}
	if code, _, _ := f.fill("/survey-links/"+id[1]+"?brand=demo", store, url.Values{"sure": {"1"}}); code != http.StatusForbidden {
		t.Errorf("one store takes a link back: HTTP %d", code)
	}
}

// TestSurveyAddress: links cannot begin with what is no address.
func TestSurveyAddress(t *testing.T) {
	for _, address := range []string{"nowhere", "ftp://ask.example.com", "https://", "https://ask.example.com/?x=1"} {
		_, err := rapport(t, "serve", "--data", t.TempDir(), "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0", "--survey-url", address)
		if err == nil || !strings.Contains(err.Error(), "--survey-url "+address+": write it as https://survey.example.com") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// subscriptionPages: one's own are one's own; who looks after all may pause those of
// others and not change them.
func (f *fortress) subscriptionPages(t *testing.T) {
	t.Helper()
	anna, boris := f.token(jwt.MapClaims{"sub": "anna", "roles": "no.subscriptions.amend"}), f.token(jwt.MapClaims{"sub": "boris", "roles": "no.subscriptions.amend"})
	form := url.Values{"report": {"OMNICHANNEL"}, "every": {"DAY"}, "at": {"09:00"}, "zone": {"UTC"}, "locale": {"en"}, "to": {"https://hooks.example.com/a"}}
	code, text, _ := f.fill("/subscriptions/new?brand=demo&lang=en", anna, form)
	if code != http.StatusOK || !strings.Contains(text, "whsec_") {
		t.Fatalf("anna subscribes: HTTP %d", code)
	}
	list, err := reportv1.NewReportServiceClient(f.conn).ListSubscriptions(f.with(anna), &reportv1.ListSubscriptionsRequest{Brand: "demo"})
	f.ok(err)
	at := "/subscriptions/" + list.GetSubscriptions()[0].GetId() + "?brand=demo&lang=en"
	if code, text := f.at("/subscriptions?brand=demo", boris); code != http.StatusOK || strings.Contains(text, "hooks.example.com") {
		t.Errorf("boris reads anna's: HTTP %d", code)
	}
	if code, _ := f.at(at, boris); code != http.StatusNotFound {
		t.Errorf("boris opens anna's: HTTP %d", code)
	}
	if code, _, _ := f.fill(at, boris, url.Values{"do": {"delete"}, "etag": {"1"}, "sure": {"1"}}); code != http.StatusNotFound {
		t.Errorf("boris deletes anna's: HTTP %d", code)
	}
	keeper := f.token(jwt.MapClaims{"sub": "keeper"})
	code, text = f.at(at, keeper)
	if code != http.StatusOK || !strings.Contains(text, "It is somebody else") || strings.Contains(text, `id="subscribe"`) || !strings.Contains(text, ">anna<") {
		t.Errorf("who looks after all: HTTP %d", code)
	}
	changed := url.Values{"do": {"change"}, "etag": {"1"}}
	for name, value := range form {
		changed[name] = value
	}
	changed.Set("to", "https://hooks.example.com/keeper")
	if code, _, _ := f.fill(at, keeper, changed); code != http.StatusForbidden {
		t.Errorf("somebody else's is led elsewhere: HTTP %d", code)
	}
	if code, _, h := f.fill(at, keeper, url.Values{"do": {"pause"}, "etag": {"1"}}); code != http.StatusSeeOther {
		t.Errorf("somebody else's is not paused: HTTP %d, %v", code, h)
	}
	if _, text := f.at(at, anna); !strings.Contains(text, "paused") || !strings.Contains(text, `id="subscribe"`) {
		t.Error("its owner does not see that")
	}
}
