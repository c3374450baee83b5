/*
 * event.h - the simulation clock and the queue of future events.
 *
 * Order.  Events fire by time; at equal times by rank, lower first; at equal
 * rank in the order they were scheduled.  The order is total, so a run is a
 * function of (scenario, seed, replication) and of nothing else.
 *
 * Ownership.  The queue keeps a pointer to kind and to subject and owns
 * neither.  kind is static; subject lives in the replication's arena.
 *
 * Feeders.  A stream of instants that is known without the queue (arrivals of
 * requests) is merged in by the engine, so that a request costs no event.
 *
 * Cost.  Amortised O(log of the time span) to schedule and fire, O(1) to
 * cancel (a dead entry is dropped later and never moves the clock); no
 * allocation once warm.
 */
#ifndef KERNEL_EVENT_H
#define KERNEL_EVENT_H
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"

typedef int64_t sim_time;       /* ns since the start of the run; >= 0 */

#define SIM_US INT64_C(1000)
#define SIM_MS INT64_C(1000000)
#define SIM_S INT64_C(1000000000)
#define SIM_NEVER INT64_C(0x0fffffffffffffff)   /* later than any event */
#define SIM_RANKS 8             /* ranks are 0 .. SIM_RANKS - 1 */

struct sim;

/* What happens, said once: define one static const per kind, above its code. */
struct event_kind {
    const char *name;           /* "pod.ready"; shown in traces and BUG lines */
    int rank;                   /* order at equal times, lower first */
    void (*fire)(struct sim *sim, void *subject, int64_t arg);
};

/* Generation and slot; 0 is no event.  A stale id is always harmless. */
typedef struct {
    uint64_t bits;
} event_id;

/* Arrivals between events.  next: time of the next instant, SIM_NEVER if
 * none.  advance: handle all instants before limit (not at it), in order,
 * moving the clock with sim_move_clock; it must return as soon as it has
 * scheduled or withdrawn an event.  The engine sets limit so that at equal
 * times the lower rank comes first; at equal rank events come first, then
 * feeders as they were added.  next is asked again after every event. */
struct feeder {
    int rank;
    sim_time (*next)(void *ctx);
    void (*advance)(void *ctx, struct sim *sim, sim_time limit);
    void *ctx;
};

/* A clock at 0 and an empty queue, in arena a.  label is printed with every
 * broken invariant: scenario, seed, replication and the command to replay. */
struct sim *sim_new(struct arena *a, const char *label);

/* The time of the event being fired; 0 before the first. */
sim_time sim_now(const struct sim *sim);

/* Schedule kind on subject at time t, or after delay ns.  The past is a BUG;
 * t >= SIM_NEVER schedules nothing and returns the null id.  At the present
 * instant a lower rank than that of the event being fired is allowed: it
 * fires next. */
event_id sim_at(struct sim *sim, sim_time t, const struct event_kind *kind,
                void *subject, int64_t arg);
event_id sim_after(struct sim *sim, sim_time delay,
                   const struct event_kind *kind, void *subject, int64_t arg);

/* Withdraw a pending event.  False if it has fired, was withdrawn before or
 * is null; that is not an error. */
bool sim_cancel(struct sim *sim, event_id id);

/* True while id is scheduled and has neither fired nor been withdrawn. */
bool sim_pending(const struct sim *sim, event_id id);

/* Add a stream of instants; f is borrowed for the life of sim. */
void sim_add_feeder(struct sim *sim, const struct feeder *f);

/* For feeders: set the clock to t.  Backwards is a BUG. */
void sim_move_clock(struct sim *sim, sim_time t);

/* Fire everything with time <= until, then set the clock to until (with
 * SIM_NEVER: until nothing is left; the clock stays at the last event). */
void sim_run(struct sim *sim, sim_time until);

/* Leave sim_run after the event being fired. */
void sim_stop(struct sim *sim);

/* Events fired so far; live events pending. */
uint64_t sim_fired(const struct sim *sim);
uint64_t sim_live(const struct sim *sim);

/* The running digest of the trace: every fired event's time and kind, and
 * what sim_note adds.  Equal runs have equal digests. */
uint64_t sim_digest(const struct sim *sim);
void sim_note(struct sim *sim, const char *what, uint64_t number);

/* Called after each event, for invariants and traces; NULL to remove. */
typedef void (*sim_observer)(struct sim *sim, void *ctx,
                             const struct event_kind *kind, int64_t arg);
void sim_observe(struct sim *sim, sim_observer fn, void *ctx);

/* A broken invariant: prints message, place, simulated time, event and the
 * label of the run, and aborts. */
_Noreturn void sim_bug(const struct sim *sim, const char *file, int line,
                       const char *format, ...)
    __attribute__((format(printf, 4, 5)));
#define sim_assert(sim, cond)                                                 \
    ((cond) ? (void)0                                                         \
            : sim_bug((sim), __FILE__, __LINE__, "expected %s", #cond))

#endif
