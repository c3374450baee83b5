/*
 * traffic_impl.h - the parts of traffic, to each other.
 *
 *   arrival.c   when requests are sent; draws.h  what is random about them
 *   rate.c      the rate over time, inverted
 *   client.c    an attempt: connection, hand-over, time-out, retry
 *   keepalive.c pools of open connections
 *   attribute.c headers and cookies that requests carry
 *   ingress.c   an attempt through the ingress controller
 *   mesh.c      an attempt through the client's sidecar
 *   kernel.c    rejects, retransmissions, connection tracking of a node
 *   plain.c     the common request, without detours
 *   serve.c     requests at a pod, and what becomes of them when it ends
 *   workers.c   a pod's workers when the latency is known on arrival
 *   job.c       a pod's workers when it depends on calls to others
 *   queue.c     tasks, and workers who take them; shard.c  pods with a part of
 *               the data each
 *   door.c      which of several clusters a request is for
 *   request.c   requests that wait for something; final outcomes; accounts
 *   traffic.c   construction, versions, proof that the accounts close
 *   cause.c     names of causes; chain.c  why, in sentences
 */
#ifndef MODELS_TRAFFIC_IMPL_H
#define MODELS_TRAFFIC_IMPL_H
#include "base/map.h"
#include "base/pool.h"
#include "base/vec.h"
#include "kernel/rng.h"
#include "models/ingress.h"
#include "models/netpol.h"
#include "models/process.h"
#include "models/proxy.h"
#include "models/request.h"
#include "models/spec.h"
#include "models/traffic.h"
#include "models/world.h"

/* ---- rate.c ------------------------------------------------------------- */

/* A stretch of time in which the rate is linear, and where it stands. */
struct rate {
    const struct rate_spec *spec;
    sim_time origin;            /* end of the warm-up */
    sim_time from, to;          /* the stretch */
    double r0, r1;              /* per second, at its ends */
    double before;              /* expected arrivals before it */
    double within, lasts;       /* ... in it; its length in seconds */
    bool burst;
    sim_time burst_until;
    struct stream bursts;
};
void rate_init(struct rate *r, const struct rate_spec *spec, sim_time origin,
               const struct stream *bursts);
/* The time at which `target` arrivals are expected; SIM_NEVER if never.
 * Targets must not decrease. */
sim_time rate_invert(struct rate *r, double target);
/* The same; quick while the rate is constant. */
static inline sim_time rate_next(struct rate *r, double target)
{
    double missing = target - r->before, after, ns;
    sim_time whole;

    if (r->r0 != r->r1 || !(missing > 0 && missing <= r->within))
        return rate_invert(r, target);
    after = missing / r->r0;
    if (after >= r->lasts)
        return r->to;
    ns = after * (double)SIM_S; /* llround, as ns is positive */
    whole = (sim_time)ns;
    return r->from + whole + (ns - (double)whole >= 0.5);
}
/* Expected arrivals from the start of the run to `until`; from r as it was
 * initialised. */
double rate_expected(struct rate r, sim_time until);

/* ---- senders, places ---------------------------------------------------- */

/* An open connection to a process. */
struct conn {
    struct process *process;
    int run;                    /* of the process when it was opened */
    sim_time free;              /* from here on it is idle */
};

/* Connections of one client, last used first. */
struct conn_pool {
    VEC(struct conn) idle;      /* the last one became idle last */
    VEC(struct conn) busy;      /* heap by free */
};

struct half_open {              /* a conntrack entry that leads nowhere */
    struct process *process;
    sim_time until;
};

#define ICMP_BURST 6.0          /* XRLIM_BURST_FACTOR */

struct address {                /* of a client: a user, or all of a place */
    double tokens;              /* of its node's ICMP limit */
    sim_time filled;
    struct conn_pool pool;
};

/* The clients of a sender on one node. */
struct place {
    struct rules *rules;
    struct address address;     /* without users: all share it */
    struct map addresses;       /* user -> struct address */
    VEC(struct half_open) half_open;
    struct map hosts;           /* of its sidecar: pod -> struct host (mesh.c) */
    sim_time phase;             /* of that one's sweeps */
};

struct account {                /* of one sender and version */
    int64_t routed;             /* requests now counted under it */
    int64_t ok, failed[CAUSE_COUNT];
    int64_t waiting;            /* counted when the accounts are closed */
};

struct outside;
struct task_queue;

struct sender {
    struct traffic *traffic;
    const char *name;
    size_t index;
    const struct traffic_spec *spec;    /* NULL: calls between services */
    const char *space, *service;
    struct site *site;          /* of the ingress controller; NULL: none */
    const struct mesh_spec *mesh;       /* of its sidecar; NULL: none */
    struct net_origin origin;       /* who sends, unless a job calls */
    struct outside *outside;    /* its clients are there; NULL: they are not */
    uint64_t entity;
    int users;
    int retries;
    bool sticky;                /* users stay with their pod */
    bool keep_alive, shared;    /* shared: HTTP/2, one connection for all */
    bool copies;                /* made by a router; answers are dropped */
    struct task_queue *queue;   /* it makes tasks; NULL: it does not */
    int shards;                 /* 0: any pod will do */
    bool plain;                 /* its requests may be: see plain.c */
    sim_time connect_timeout, timeout, backoff;
    VEC(struct place *) places;
    /* arrivals */
    struct rate rate;
    struct bulk arrivals, draws;
    double expected;            /* sum of unit exponentials so far */
    sim_time next;
    int64_t sent;               /* requests so far */
    int64_t elsewhere;          /* those that other clusters took */
    double demand;              /* of all requests, by the rates */
    double part;                /* of them, that come to this cluster */
    VEC(struct account) accounts;       /* by version index */
};

/* ---- servers ------------------------------------------------------------ */

/* What is bound to happen to an attempt, as far as is known. */
struct fate {
    sim_time begun;             /* this attempt */
    sim_time ends;              /* the client knows the outcome */
    sim_time departs;           /* the server is done; 0: it never had it */
    enum cause cause;
};

/* A request whose outcome is known, or one that a server is busy with. */
struct flight {
    struct ask ask;
    struct fate fate;
    uint32_t number;            /* as put down at this server, in turn */
    bool settled;               /* the outcome has been counted */
    struct request *request;    /* waits for the outcome; NULL: nobody does */
};

/* The same, short, of a client's first attempt that will be answered well and
 * that nobody has to act on. */
struct answer {
    sim_time sent, departs;
    int64_t i;
    uint32_t number;
    uint16_t sender;            /* its index; it has no users */
    uint16_t place;
    bool exposed;
};

/* Those of a pod's workers who are busy, or have been. */
struct workers {
    VEC(sim_time) busy;         /* times at which they are free */
    bool heaped;                /* a heap of all; else a list of some */
    size_t look_at;             /* heap: requests since it was counted; list:
                                 * its length at which to look through it */
};

struct server {                 /* of one process: process->traffic */
    struct traffic *traffic;
    struct process *process;
    const struct version *version;
    const char *space, *pod;    /* namespace and name of its pod */
    struct workers workers;
    VEC(sim_time) starts;       /* of requests that had to wait, ascending */
    size_t started;             /* how many of starts are past */
    VEC(struct flight) flights;
    VEC(struct answer) answers;
    uint32_t numbers;           /* given to flights and answers so far */
    size_t sweep_at;            /* how many of both to look through them at */
    double flag_share;          /* of the users; see flag.c */
    bool vanished;              /* ended without a word: its peers wait */
    sim_time silent;            /* answers nothing from here on; SIM_NEVER */
    struct task_queue *takes;   /* its pod is a worker of it; NULL */
    sim_time worked;            /* time of workers taken by requests so far */
    int64_t taken;              /* requests that got a worker */
    event_id idle;
    /* with calls to other services (job.c) */
    int busy, queued;
    struct job *first, *last;   /* waiting for a worker */
    struct job *working, *working_last; /* have one, in order of start */
};

/* A request that something must happen to later. */
enum request_state {
    REQUEST_CONNECTS,           /* sends SYNs */
    REQUEST_FLIES,              /* its end and cause are known */
    REQUEST_AT_WORK,            /* a job serves it */
    REQUEST_BACKS_OFF,          /* before the next attempt */
    REQUEST_QUEUED,             /* a task that waits for a worker */
};
struct request {
    struct traffic *traffic;
    struct ask ask;
    enum request_state state;
    struct job *job;            /* AT_WORK */
    enum cause cause;           /* FLIES: the outcome */
    sim_time begun;             /* this attempt */
    int syns;                   /* CONNECTS: sent so far */
    bool listed;                /* a flight points here */
    bool over;                  /* and nothing else does */
    event_id event;
    struct request *next, *prev;
};

/* A header or cookie that a strategy gave to users. */
struct handed {
    const char *key, *value;
    double share;
};

/* ---- everything --------------------------------------------------------- */

struct versions {
    VEC(struct version *) list;         /* [0]: no pod */
    struct map by_key;
};

struct traffic {
    struct world *w;
    VEC(struct sender *) senders;       /* clients first, then calls */
    size_t nclients;            /* senders of the scenario */
    VEC(struct server *) servers;
    struct versions *versions;  /* of several clusters: the same for all */
    VEC(struct handed) handed;
    struct flag *flag;          /* NULL: there is none */
    struct map calls;           /* "space/service" -> struct sender */
    VEC(struct task_queue *) queues;
    struct pool requests, jobs;
    struct request *waiting;    /* all requests that wait */
    sim_time icmp_ratelimit;
    double source_ports;
    bool disturbed;             /* an event was scheduled or withdrawn */
};

/* Schedule and withdraw events, so that the feeder notices. */
event_id traffic_at(struct traffic *t, sim_time at,
                    const struct event_kind *kind, void *subject);
void traffic_cancel(struct traffic *t, event_id id);

/* ---- traffic.c ---------------------------------------------------------- */

/* The sender of calls to `to` ("service/NAME") from namespace space; and the
 * place of a sender on a node.  Made when asked for first. */
struct sender *sender_of_calls(struct traffic *t, const char *space,
                               const char *to, int shards);
uint16_t sender_place(struct sender *s, object_uid node);
/* The sender of the copies that routers make of s's requests for a Service. */
struct sender *sender_of_copies(struct sender *s, const char *service);
/* The server of a process; made when asked for first. */
struct server *server_of(struct traffic *t, struct process *p);

/* ---- outside.c ---------------------------------------------------------- */

/* The clients of s are outside of the cluster: sets s->outside. */
struct outside *outside_new(struct sender *s);
/* The place through which a new connection comes in. */
uint16_t outside_pick(const struct outside *o, double u);
/* s sends this share of all requests from now on. */
void outside_watch(struct outside *o, double share);
/* The share of them that would find nobody now. */
double outside_closed(const struct outside *o);
/* Is there anybody at the node through which a comes? */
bool outside_arrives(const struct ask *a);

/* ---- queue.c ------------------------------------------------------------ */

void queues_new(struct traffic *t);
/* The queue that "queue/NAME" means; NULL if it is no queue. */
struct task_queue *queue_of_target(const struct traffic *t, const char *to);
/* Put the task a in; put r in (again). */
void queue_attempt(struct traffic *t, const struct ask *a);
void queue_enter(struct request *r);
/* s may have a hand free. */
void queue_look(struct server *s);
/* Until when the worker that took a at `begun` may be at it; and when the queue
 * notices that it has vanished now. */
sim_time queue_patience(const struct ask *a, sim_time begun);
sim_time queue_notices(const struct ask *a, sim_time begun);
/* A delivery of a, begun then, ended so: does the task wait again? */
bool queue_takes_back(struct traffic *t, struct ask *a, enum cause cause,
                      sim_time begun);

/* ---- shard.c ------------------------------------------------------------ */

/* The endpoint among r that has the data of a; NULL if it is not there. */
const struct rule *shard_pick(struct traffic *t, const struct ask *a,
                              struct rules *r);

/* ---- door.c ------------------------------------------------------------- */

/* Is the next request of s, of which this is the user (or the number, without
 * users), for its cluster? */
bool door_sends(const struct sender *s, uint64_t who);

/* ---- arrival.c ---------------------------------------------------------- */

/* The next request of s, sent now, of which d is drawn (draws.h). */
struct draws;
struct ask ask_drawn(struct sender *s, const struct draws *d, sim_time now);
void sender_start(struct sender *s);

/* ---- plain.c ------------------------------------------------------------ */

/* May requests of s be plain at all? */
bool plain_sender(const struct sender *s);
/* Let it send all that it sends before limit, until an event is scheduled or
 * withdrawn. */
void plain_advance(struct sender *s, sim_time limit);

/* ---- request.c ---------------------------------------------------------- */

/* The j-th number of an attempt that is not the first of a client. */
enum draw { DRAW_PICK, DRAW_WORK, DRAW_ERROR, DRAW_PORT, DRAWS };
double ask_u(const struct ask *a, enum draw j);
void ask_draw(struct ask *a);

/* The account of s under version v; made when asked for first. */
void sender_make_accounts(struct sender *s, const struct version *v);
static inline struct account *sender_account(struct sender *s,
                                             const struct version *v)
{
    if (s->accounts.len <= v->index)
        sender_make_accounts(s, v);
    return &s->accounts.items[v->index];
}

/* Count a under the pod of s from now on. */
void ask_route(struct ask *a, struct server *s);

/* Must somebody act when this attempt ends with this cause? */
bool ask_watched(const struct ask *a, enum cause cause);

/* a has its final outcome, known at `end`, which may lie in the past. */
void ask_over(struct traffic *t, struct ask *a, enum cause cause,
              sim_time end);

/* Something must happen to a later. */
struct request *request_new(struct traffic *t, const struct ask *a);
void request_free(struct request *r);
/* Wake it in this state at `until`; let it be over at `ends` with cause. */
void request_wait(struct request *r, enum request_state state,
                  sim_time until);
void request_fly(struct request *r, enum cause cause, sim_time ends);
/* Its attempt ended now: try again, or count the outcome; r is given up. */
void request_over(struct request *r, enum cause cause);

/* This attempt, of r or (NULL) of nobody, ended now. */
void attempt_over(struct traffic *t, struct ask *a, struct request *r,
                  enum cause cause);

/* ---- client.c ----------------------------------------------------------- */

/* The client that sent a. */
struct address *client_of(const struct ask *a);
/* Make an attempt now; r waits for a, or NULL.  a may be r->ask. */
void client_attempt(struct traffic *t, struct ask *a, struct request *r);
/* The connection of a's attempt that began at `begun` goes to process (NULL:
 * its pod has no network). */
void client_reach(struct traffic *t, struct ask *a, struct request *r,
                  sim_time begun, struct process *process);
/* The SYN of r was not answered in time. */
void client_syn(struct request *r);
/* Until when somebody waits for an answer to what of a began at `begun`. */
sim_time client_patience(const struct ask *a, sim_time begun);
/* The same if nothing answers any more: TCP itself gives up. */
sim_time client_despair(const struct ask *a, sim_time begun);
/* Nothing will ever answer a, which is sent to process (or NULL): it is over
 * at `ends`. */
void client_lose(struct traffic *t, struct ask *a, struct request *r,
                 sim_time ends, struct process *process);

/* ---- ingress.c ---------------------------------------------------------- */

/* Make an attempt now; as client_attempt. */
void ingress_attempt(struct traffic *t, struct ask *a, struct request *r);
/* Does the controller try the next endpoint after this? */
bool ingress_goes_on(const struct ask *a, enum cause cause);
/* Until when it waits for a connection, or for an answer. */
sim_time ingress_patience(const struct ask *a, sim_time begun, bool connects);

/* ---- mesh.c ------------------------------------------------------------- */

/* Make an attempt now; as client_attempt. */
void mesh_attempt(struct traffic *t, struct ask *a, struct request *r);
/* The sidecar sees how a try ended. */
void mesh_outcome(struct traffic *t, const struct ask *a, enum cause cause);
/* Is it tried again?  After this pause (a->tries counts it already). */
bool mesh_goes_on(const struct ask *a, enum cause cause);
sim_time mesh_pause(const struct ask *a);
/* Until when it waits for a connection, or for an answer. */
sim_time mesh_patience(const struct ask *a, sim_time begun, bool connects);

/* ---- kernel.c ----------------------------------------------------------- */

enum connect { CONNECT_TO, CONNECT_TOLD, CONNECT_SILENCE, CONNECT_LOST };
/* One SYN of a, now; first: not a retransmission.  CONNECT_TO: to *process,
 * which need not listen (NULL: its pod has no network).  CONNECT_TOLD: there
 * is no endpoint.  CONNECT_SILENCE: no answer, the next SYN may fare better.
 * CONNECT_LOST: no answer, ever; *process may be a dead pod's, or NULL. */
enum connect kernel_connect(struct traffic *t, struct ask *a, bool first,
                            struct process **process);
/* A number for the address that a comes from. */
uint64_t kernel_client(const struct ask *a);
/* Do NetworkPolicies let a connect to this endpoint now? */
bool kernel_allows(struct traffic *t, const struct ask *a,
                   const struct rule *to);
/* The rules that a router sends a by; NULL if it meets none. */
struct rules *kernel_route(const struct ask *a);
/* The connection of a is tracked to a pod that does not answer. */
void kernel_half_open(struct traffic *t, const struct ask *a,
                      struct process *process);
/* process can be reached again: what is tracked to it leads somewhere. */
void kernel_reached_again(struct traffic *t, const struct process *process);
/* How long after the first SYN the next one follows when k >= 1 were sent. */
sim_time kernel_syn_again(int k);

/* ---- keepalive.c -------------------------------------------------------- */

/* The process at the other end of an idle connection of a's client; NULL if
 * none is open.  A router has connections of its own to pods: to whom they
 * lead must be an endpoint of `to`, unless that is NULL.  cut: it closes the
 * connection while the request is on its way. */
struct process *conn_take(const struct ask *a, const struct rules *to,
                          sim_time now, bool *cut);
/* Is there an idle one to this process?  It is taken. */
bool conn_take_to(const struct ask *a, const struct process *process,
                  sim_time now, bool *cut);
/* A connection of a's client to process is idle from `free` on. */
void conn_put(const struct ask *a, struct process *process, sim_time free);

/* ---- workers.c ---------------------------------------------------------- */

#define SWEEP_LEAST 64          /* of a list, before its past is dropped */

/* When the work for a request begins and ends. */
struct stint {
    sim_time start;             /* SIM_NEVER: it is turned away */
    sim_time departs;
};
/* Let a worker of s, or the queue, take a request at `now` whose work is the
 * law's at u. */
struct stint workers_take(struct server *s, const struct behaviour *code,
                          double u, sim_time now);
/* There may be more or fewer of them from now on. */
void workers_change(struct server *s);
/* They are gone. */
void workers_leave(struct server *s);
/* How long the request with uniform u takes whose work begins at `start`. */
sim_time server_work(const struct server *s, const struct behaviour *code,
                     double u, sim_time start);

/* ---- flag.c ------------------------------------------------------------- */

/* s listens: it knows the flag. */
void flag_starts(struct server *s);
/* Under which version a counts at s, and how that behaves. */
const struct version *flag_version(const struct server *s,
                                   const struct ask *a);
const struct behaviour *ask_code(const struct server *s, const struct ask *a);

/* ---- serve.c ------------------------------------------------------------ */

/* Be told by processes. */
void serve_watch(struct traffic *t);
/* Hand a request over that came through; r waits for it, or NULL. */
void serve(struct server *s, struct ask *a, struct request *r, sim_time begun);
/* Put down what is bound to happen to a. */
void server_fly(struct server *s, const struct ask *a, struct request *r,
                struct fate f);
/* The same of one for which that has been found. */
void serve_taken(struct server *s, struct ask *a, struct request *r,
                 sim_time begun, struct stint stint);
/* Count the outcomes known by now; forget who has left. */
void server_settle(struct server *s, sim_time now);
/* Room for one more, to be filled in all but its number. */
static inline struct answer *server_answer(struct server *s, sim_time now)
{
    struct answer *a;

    if (s->flights.len + s->answers.len >= s->sweep_at)
        server_settle(s, now);
    a = vec_add(s->traffic->w->arena, &s->answers);
    a->number = s->numbers++;
    return a;
}
/* Has the process of s not yet accepted the connection of a, whose attempt
 * began then? */
bool server_queues(const struct server *s, const struct ask *a,
                   sim_time begun);
/* A draining process has answered everything by t. */
void server_idle_at(struct server *s, sim_time t);
/* Can it answer what comes now, as far as others are needed for that: its
 * group, the form of its data? */
bool server_able(const struct server *s);
/* Is the request with uniform u answered 5xx whose work begins at `start`? */
bool server_errs(const struct server *s, double u, sim_time start);
/* The same of a, if only some clients meet the errors (errorRate.match). */
bool server_errs_to(const struct server *s, const struct ask *a,
                    sim_time start);

/* ---- job.c -------------------------------------------------------------- */

/* Make room for jobs. */
void job_init(struct traffic *t);
/* False if the queue is full. */
bool job_begin(struct server *s, struct ask *a, struct request *r,
               sim_time begun);
/* The process has ended (vanished: without a word), or hangs. */
void job_cut_all(struct server *s);
/* Its listener is closed: what the process has not accepted is reset. */
void job_reset_queued(struct server *s);
void job_hang_all(struct server *s);
/* Clients get no answer to what they have asked; it is worked on all the same. */
void job_lose_clients(struct server *s);
/* Call a made for j is over; its client has given up. */
void job_call_over(struct job *j, const struct ask *a, enum cause cause);
/* The pod, and its process, that works on j and calls others for it. */
object_uid job_pod(const struct job *j);
const struct process *job_process(const struct job *j);
void job_forget_client(struct job *j);

#endif
