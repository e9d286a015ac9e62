package resttest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Desk is a help desk as Zendesk's API shows it: users found by a search language that returns more than was asked for, pages by number,
// tickets with a Link header, a rate limit, deletion that first only hides a user, and jobs that delete a ticket later. Safe for
// concurrent use.
type Desk struct {
	User, Token string // basic auth: User/token and the token
	LimitEvery  int    // answers 429 to each request of this number; 0: never
	JobLasts    int    // how often a job is asked for before it is completed

	mu       sync.Mutex
	calls    int
	users    map[int]Object
	tickets  map[int]Object
	hidden   map[int]bool // users and tickets that are deleted but not yet for good
	jobs     map[string]int
	finished map[string]func()
}

// AddUser adds a user.
func (d *Desk) AddUser(id int, email, name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.make()
	d.users[id] = Object{"id": id, "email": email, "name": name, "active": true, "phone": nil}
}

// AddTicket adds a ticket of a user's.
func (d *Desk) AddTicket(id, requester int, subject string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.make()
	d.tickets[id] = Object{"id": id, "requester_id": requester, "subject": subject}
}

func (d *Desk) make() {
	if d.users == nil {
		d.users, d.tickets, d.hidden = map[int]Object{}, map[int]Object{}, map[int]bool{}
		d.jobs, d.finished = map[string]int{}, map[string]func(){}
	}
}

// Users and Tickets are the identifiers that are left, also those that are only hidden, sorted.
func (d *Desk) Users() []int { return d.ids(d.users) }

// Tickets are like Users.
func (d *Desk) Tickets() []int { return d.ids(d.tickets) }

func (d *Desk) ids(of map[int]Object) []int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return sorted(of)
}

func sorted(of map[int]Object) []int {
	ids := []int{}
	for id := range of {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func (d *Desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	user, token, ok := r.BasicAuth()
	if !ok || user != d.User+"/token" || token != d.Token {
		write(w, http.StatusUnauthorized, Object{"error": "Couldn't authenticate you"})
		return
	}
	if d.calls++; d.LimitEvery > 0 && d.calls%d.LimitEvery == 0 {
		w.Header().Set("Retry-After", "0")
		write(w, http.StatusTooManyRequests, Object{"error": "APIRateLimitExceeded"})
		return
	}
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/api/v2/"), "/")
	id := 0
	if len(parts) > 1 {
		id, _ = strconv.Atoi(parts[1]) //nolint:errcheck // no number is no user
	}
	switch route := r.Method + " " + parts[0] + strconv.Itoa(len(parts)); {
	case route == "GET users1":
		d.page(w, r, "users", listOf(d.users))
	case route == "GET tickets1":
		d.page(w, r, "tickets", listOf(d.tickets))
	case route == "GET users2" && parts[1] == "search":
		d.search(w, r)
	case route == "GET users2" && parts[1] == "show_many":
		d.many(w, r)
	case route == "GET users4" && parts[2] == "tickets":
		d.requested(w, r, id)
	case route == "GET job_statuses2":
		d.job(w, parts[1])
	case route == "GET tickets2":
		d.show(w, "ticket", d.tickets, id)
	case route == "PUT users2":
		d.put(w, r, id)
	case r.Method == http.MethodDelete && len(parts) == 2:
		d.remove(w, r, parts[0], id)
	default:
		write(w, http.StatusNotFound, Object{"error": "InvalidEndpoint"})
	}
}

func listOf(of map[int]Object) []Object {
	list := []Object{}
	for _, id := range sorted(of) {
		list = append(list, of[id])
	}
	return list
}

func (d *Desk) page(w http.ResponseWriter, r *http.Request, name string, list []Object) {
	size, page := number(r, "per_page", 2), max(1, number(r, "page", 1))
	answer := Object{name: slice(list, (page-1)*size, size), "count": len(list), "next_page": nil}
	if page*size < len(list) {
		q := r.URL.Query()
		q.Set("page", strconv.Itoa(page+1))
		answer["next_page"] = "http://" + r.Host + r.URL.Path + "?" + q.Encode()
	}
	write(w, http.StatusOK, answer)
}

// search reads email:"…" and finds whatever has the text in it.
func (d *Desk) search(w http.ResponseWriter, r *http.Request) {
	term, ok := strings.CutPrefix(r.URL.Query().Get("query"), "email:")
	term, err := strconv.Unquote(term)
	if !ok || err != nil {
		write(w, http.StatusUnprocessableEntity, Object{"error": "invalid query"})
		return
	}
	d.page(w, r, "users", where(listOf(d.users), func(o Object) bool {
		return strings.Contains(strings.ToLower(textOf(o["email"])), strings.ToLower(term))
	}))
}

func (d *Desk) many(w http.ResponseWriter, r *http.Request) {
	ids := strings.Split(r.URL.Query().Get("ids"), ",")
	hits := where(listOf(d.users), func(o Object) bool { return slices.Contains(ids, fmt.Sprint(o["id"])) })
	write(w, http.StatusOK, Object{"users": hits, "count": len(hits)})
}

// requested gives one ticket a page, and the next page in a Link header.
func (d *Desk) requested(w http.ResponseWriter, r *http.Request, user int) {
	if d.users[user] == nil {
		write(w, http.StatusNotFound, Object{"error": "RecordNotFound"})
		return
	}
	var list []Object
	for _, id := range sorted(d.tickets) {
		if d.tickets[id]["requester_id"] == user && !d.hidden[id] {
			list = append(list, d.tickets[id])
		}
	}
	from := number(r, "from", 0)
	if from+1 < len(list) {
		next := url.URL{Path: r.URL.Path, RawQuery: "from=" + strconv.Itoa(from+1)}
		w.Header().Set("Link", `</api/v2/users>; rel="up", <`+next.String()+`>; title="more"; rel="next"`)
	}
	write(w, http.StatusOK, Object{"tickets": append([]Object{}, slice(list, from, 1)...)})
}

func (d *Desk) show(w http.ResponseWriter, name string, of map[int]Object, id int) {
	if of[id] == nil {
		write(w, http.StatusNotFound, Object{"error": "RecordNotFound"})
		return
	}
	write(w, http.StatusOK, Object{name: of[id]})
}

func (d *Desk) put(w http.ResponseWriter, r *http.Request, id int) {
	if d.users[id] == nil {
		write(w, http.StatusNotFound, Object{"error": "RecordNotFound"})
		return
	}
	if q, ok := read(w, r); ok {
		change, _ := q["user"].(map[string]any) //nolint:errcheck // nothing changes nothing
		merge(d.users[id], change)
		write(w, http.StatusOK, Object{"user": d.users[id]})
	}
}

// remove hides, and then deletes for good: users at once, tickets by a job.
func (d *Desk) remove(w http.ResponseWriter, r *http.Request, kind string, id int) {
	of := d.users
	if strings.HasSuffix(kind, "tickets") {
		of = d.tickets
	}
	forGood := strings.HasPrefix(kind, "deleted_")
	switch {
	case of[id] == nil || d.hidden[id] != forGood:
		write(w, http.StatusNotFound, Object{"error": "RecordNotFound"})
	case !forGood:
		d.hidden[id] = true
		of[id]["active"] = false
		write(w, http.StatusOK, Object{"id": id, "active": false})
	case kind == "deleted_users":
		delete(of, id)
		write(w, http.StatusOK, Object{"id": id})
	default:
		job := "job-" + strconv.Itoa(d.calls)
		d.jobs[job] = d.JobLasts
		d.finished[job] = func() { delete(of, id) }
		write(w, http.StatusAccepted, Object{"job_status": Object{"id": job, "url": "http://" + r.Host + "/api/v2/job_statuses/" + job, "status": "queued"}})
	}
}

func (d *Desk) job(w http.ResponseWriter, id string) {
	left, known := d.jobs[id]
	if !known {
		write(w, http.StatusNotFound, Object{"error": "RecordNotFound"})
		return
	}
	status := "working"
	if d.jobs[id] = left - 1; left <= 0 {
		status = "completed"
		d.finished[id]()
	}
	write(w, http.StatusOK, Object{"job_status": Object{"id": id, "status": status}})
}
