/*
 * event.c - the simulation clock and the queue of future events.
 *
 * A pending event is a record in a table of slots; the queue holds only its
 * key (time and rank) and a word (generation and slot).  Firing and
 * withdrawing raise the slot's generation, which makes every copy of the old
 * word stale at once: withdrawing leaves a dead entry in the queue, which is
 * skipped without moving the clock, and dead entries are filtered out when
 * they outnumber the living.
 *
 * The queue takes no key below the last one it gave out.  Such keys arise
 * when an event schedules another at the same instant with a lower rank;
 * they go to a short sorted list that is looked at first, so the order by
 * (time, rank, serial) of what is pending always holds.
 *
 * Feeders are merged by (time, rank); at equal time and rank events go
 * first, then feeders in the order they were added.
 */
#include "kernel/event.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/text.h"
#include "base/vec.h"
#include "kernel/evq.h"

#define RANK_BITS 3
#define NO_SLOT UINT32_MAX
#define DEAD_ALLOWED 64         /* dead entries beyond the number of living */
#define NAMES_CACHED 64         /* a power of two */

struct record {
    const struct event_kind *kind;
    void *subject;
    int64_t arg;
    uint32_t generation;        /* never 0 */
    uint32_t next_free;
};

struct source {
    const struct feeder *feeder;
    sim_time next;
};

struct name_hash {
    const struct event_kind *kind;
    uint64_t hash;
};

struct sim {
    sim_time now;
    struct evq *queue;
    uint64_t last_key;          /* popped from queue */
    struct record *records;
    uint32_t records_len, records_cap, free_slot;
    uint64_t live, fired, changes, digest;
    VEC(struct evq_entry) early;    /* keys below last_key, latest first */
    VEC(struct source) feeders;
    const struct event_kind *kind;  /* being fired, or NULL */
    int64_t arg;
    bool stop;
    sim_observer observer;
    void *observer_ctx;
    struct arena *arena;
    const char *label;
    struct name_hash names[NAMES_CACHED];
};

static void sim_release(void *arg)
{
    struct sim *sim = arg;

    evq_free(sim->queue);
    free(sim->records);
}

struct sim *sim_new(struct arena *a, const char *label)
{
    struct sim *sim = arena_make(a, struct sim);

    sim->arena = a;
    sim->label = arena_strdup(a, label);
    sim->queue = evq_new();
    sim->free_slot = NO_SLOT;
    sim->digest = FNV_START;
    arena_on_free(a, sim_release, sim);
    return sim;
}

sim_time sim_now(const struct sim *sim)
{
    return sim->now;
}

_Noreturn void sim_bug(const struct sim *sim, const char *file, int line,
                       const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    bug_at(file, line, "%s\n  at %" PRId64 ".%09" PRId64 " s, event %s (%"
           PRId64 "), after %" PRIu64 " events\n  run: %s", text,
           sim->now / SIM_S, sim->now % SIM_S,
           sim->kind ? sim->kind->name : "none", sim->arg, sim->fired,
           sim->label);
}

/* ---- slots -------------------------------------------------------------- */

static uint32_t take_slot(struct sim *sim)
{
    uint32_t slot = sim->free_slot;

    if (slot != NO_SLOT) {
        sim->free_slot = sim->records[slot].next_free;
        return slot;
    }
    if (sim->records_len == sim->records_cap) {
        sim->records_cap = sim->records_cap ? sim->records_cap * 2 : 64;
        sim->records = heap_grow(sim->records, sim->records_cap,
                                 sizeof *sim->records);
        evq_records(sim->queue, sim->records, sizeof *sim->records);
    }
    slot = sim->records_len++;
    sim->records[slot].generation = 1;
    return slot;
}

/* Free the slot and make every word of its event stale. */
static void drop_slot(struct sim *sim, uint32_t slot)
{
    struct record *r = &sim->records[slot];

    sim_assert(sim, sim->live > 0);
    if (++r->generation == 0)
        r->generation = 1;
    r->kind = NULL;
    r->next_free = sim->free_slot;
    sim->free_slot = slot;
    sim->live--;
}

static bool is_live(const struct sim *sim, uint64_t word)
{
    uint32_t slot = (uint32_t)word;

    return slot < sim->records_len && sim->records[slot].kind
        && sim->records[slot].generation == word >> 32;
}

static bool is_dead(void *ctx, uint64_t word)
{
    return !is_live(ctx, word);
}

/* ---- scheduling --------------------------------------------------------- */

/* Into the sorted list of early entries: behind equal keys, which means
 * before them in memory, as the list is read from its end. */
static void push_early(struct sim *sim, struct evq_entry e)
{
    size_t i = sim->early.len;

    vec_push(sim->arena, &sim->early, e);
    for (; i > 0 && sim->early.items[i - 1].key <= e.key; i--)
        sim->early.items[i] = sim->early.items[i - 1];
    sim->early.items[i] = e;
}

event_id sim_at(struct sim *sim, sim_time t, const struct event_kind *kind,
                void *subject, int64_t arg)
{
    struct evq_entry e;
    struct record *r;
    uint32_t slot;

    if (t < sim->now)
        sim_bug(sim, __FILE__, __LINE__, "event %s in the past, at %" PRId64
                " ns", kind->name, t);
    sim_assert(sim, kind->rank >= 0 && kind->rank < SIM_RANKS);
    if (t >= SIM_NEVER)
        return (event_id){ 0 };
    slot = take_slot(sim);
    r = &sim->records[slot];
    r->kind = kind;
    r->subject = subject;
    r->arg = arg;
    e.key = (uint64_t)t << RANK_BITS | (unsigned)kind->rank;
    e.word = (uint64_t)r->generation << 32 | slot;
    if (e.key < sim->last_key)
        push_early(sim, e);
    else
        evq_push(sim->queue, e);
    sim->live++;
    sim->changes++;
    return (event_id){ e.word };
}

event_id sim_after(struct sim *sim, sim_time delay,
                   const struct event_kind *kind, void *subject, int64_t arg)
{
    if (delay < 0)
        sim_bug(sim, __FILE__, __LINE__, "event %s after %" PRId64 " ns",
                kind->name, delay);
    if (delay >= SIM_NEVER - sim->now)
        return (event_id){ 0 };
    return sim_at(sim, sim->now + delay, kind, subject, arg);
}

bool sim_cancel(struct sim *sim, event_id id)
{
    if (!is_live(sim, id.bits))
        return false;
    drop_slot(sim, (uint32_t)id.bits);
    sim->changes++;
    if (evq_len(sim->queue) > 2 * sim->live + DEAD_ALLOWED)
        evq_purge(sim->queue, is_dead, sim);
    return true;
}

bool sim_pending(const struct sim *sim, event_id id)
{
    return is_live(sim, id.bits);
}

/* ---- firing ------------------------------------------------------------- */

/* The hash of the name of kind, never of its address. */
static uint64_t name_of(struct sim *sim, const struct event_kind *kind)
{
    struct name_hash *n =
        &sim->names[((uintptr_t)kind >> 4) & (NAMES_CACHED - 1)];

    if (n->kind != kind) {
        n->kind = kind;
        n->hash = fnv64(FNV_START, kind->name, strlen(kind->name));
    }
    return n->hash;
}

static void digest(struct sim *sim, uint64_t what, uint64_t number)
{
    uint64_t d = (sim->digest ^ what) * UINT64_C(0x9e3779b97f4a7c15);

    d = (d ^ (d >> 32) ^ number) * UINT64_C(0xff51afd7ed558ccd);
    sim->digest = d ^ (d >> 29);
}

/* The next entry with key <= limit, dead ones included. */
static bool next_entry(struct sim *sim, uint64_t limit, struct evq_entry *e)
{
    if (sim->early.len) {
        *e = sim->early.items[sim->early.len - 1];
        if (e->key > limit)
            return false;
        sim->early.len--;
        return true;
    }
    if (!evq_pop(sim->queue, limit, e))
        return false;
    sim->last_key = e->key;
    return true;
}

static void fire(struct sim *sim, uint64_t key, uint32_t slot)
{
    struct record r = sim->records[slot];

    drop_slot(sim, slot);
    sim->now = (sim_time)(key >> RANK_BITS);
    sim->kind = r.kind;
    sim->arg = r.arg;
    sim->fired++;
    digest(sim, name_of(sim, r.kind), (uint64_t)sim->now);
    r.kind->fire(sim, r.subject, r.arg);
    if (sim->observer)
        sim->observer(sim, sim->observer_ctx, r.kind, r.arg);
    sim->kind = NULL;
}

/* Fire the next live event with key <= limit; false if there is none. */
static bool fire_next(struct sim *sim, uint64_t limit)
{
    struct evq_entry e;

    while (next_entry(sim, limit, &e)) {
        if (is_live(sim, e.word)) {
            fire(sim, e.key, (uint32_t)e.word);
            return true;
        }
    }
    return false;
}

/* ---- feeders ------------------------------------------------------------ */

void sim_add_feeder(struct sim *sim, const struct feeder *f)
{
    if (f->rank < 0 || f->rank >= SIM_RANKS)
        sim_bug(sim, __FILE__, __LINE__, "feeder of rank %d", f->rank);
    vec_push(sim->arena, &sim->feeders, ((struct source){ f, 0 }));
}

void sim_move_clock(struct sim *sim, sim_time t)
{
    if (t < sim->now)
        sim_bug(sim, __FILE__, __LINE__, "clock moved back to %" PRId64
                " ns", t);
    sim->now = t;
}

static void ask(struct source *s)
{
    s->next = s->feeder->next(s->feeder->ctx);
}

static uint64_t key_of(const struct source *s)
{
    return (uint64_t)s->next << RANK_BITS | (unsigned)s->feeder->rank;
}

/* The feeder whose instant comes first; NULL if none is due by until. */
static struct source *first_feeder(struct sim *sim, sim_time until)
{
    struct source *first = NULL;

    for (size_t i = 0; i < sim->feeders.len; i++) {
        struct source *s = &sim->feeders.items[i];

        if (s->next <= until && s->next < SIM_NEVER
            && (!first || key_of(s) < key_of(first)))
            first = s;
    }
    return first;
}

/* The least instant that s must leave to another: an event with key next
 * (UINT64_MAX: none), another feeder, or whoever runs after until. */
static sim_time limit_of(struct sim *sim, const struct source *s,
                         uint64_t next, sim_time until)
{
    sim_time limit = until < SIM_NEVER ? until + 1 : SIM_NEVER;
    unsigned rank = (unsigned)s->feeder->rank;

    if (next != UINT64_MAX) {
        sim_time t = (sim_time)(next >> RANK_BITS)
            + (rank < (next & (SIM_RANKS - 1)));

        limit = t < limit ? t : limit;
    }
    for (size_t i = 0; i < sim->feeders.len; i++) {
        const struct source *o = &sim->feeders.items[i];
        bool mine = rank < (unsigned)o->feeder->rank
            || (rank == (unsigned)o->feeder->rank && s < o);

        if (o != s && o->next < SIM_NEVER && o->next + mine < limit)
            limit = o->next + mine;
    }
    return limit;
}

static uint64_t next_key(struct sim *sim)
{
    uint64_t key;

    if (sim->early.len)
        return sim->early.items[sim->early.len - 1].key;
    return evq_peek(sim->queue, &key) ? key : UINT64_MAX;
}

/* Let the feeder that comes first run; false if an event, or nothing, does. */
static bool feed(struct sim *sim, sim_time until)
{
    struct source *s = first_feeder(sim, until);
    uint64_t key, changes = sim->changes;
    sim_time was;

    if (!s)
        return false;
    key = next_key(sim);
    if (key <= key_of(s))
        return false;
    was = s->next;
    s->feeder->advance(s->feeder->ctx, sim, limit_of(sim, s, key, until));
    ask(s);
    if (sim->changes != changes)
        for (size_t i = 0; i < sim->feeders.len; i++)
            ask(&sim->feeders.items[i]);
    else if (s->next <= was)
        sim_bug(sim, __FILE__, __LINE__, "feeder %td stands still at %"
                PRId64 " ns", s - sim->feeders.items, was);
    return true;
}

/* ---- the loop ----------------------------------------------------------- */

static void run_merged(struct sim *sim, sim_time until, uint64_t limit)
{
    for (size_t i = 0; i < sim->feeders.len; i++)
        ask(&sim->feeders.items[i]);
    while (!sim->stop) {
        const struct source *s;
        uint64_t bound = limit;

        if (feed(sim, until))
            continue;
        s = first_feeder(sim, until);
        if (s && key_of(s) < bound)
            bound = key_of(s);
        if (fire_next(sim, bound))
            for (size_t i = 0; i < sim->feeders.len; i++)
                ask(&sim->feeders.items[i]);
        else if (!s)
            break;
    }
}

void sim_run(struct sim *sim, sim_time until)
{
    sim_time last = until < SIM_NEVER ? until : SIM_NEVER - 1;
    uint64_t limit = (uint64_t)last << RANK_BITS | (SIM_RANKS - 1);

    sim->stop = false;
    if (sim->feeders.len)
        run_merged(sim, last, limit);
    else
        while (!sim->stop && fire_next(sim, limit))
            ;
    if (!sim->stop && until < SIM_NEVER && sim->now < until)
        sim->now = until;
}

void sim_stop(struct sim *sim)
{
    sim->stop = true;
}

uint64_t sim_fired(const struct sim *sim)
{
    return sim->fired;
}

uint64_t sim_live(const struct sim *sim)
{
    return sim->live;
}

uint64_t sim_digest(const struct sim *sim)
{
    return sim->digest;
}

void sim_note(struct sim *sim, const char *what, uint64_t number)
{
    digest(sim, fnv64(FNV_START, what, strlen(what)), number);
}

void sim_observe(struct sim *sim, sim_observer fn, void *ctx)
{
    sim->observer = fn;
    sim->observer_ctx = ctx;
}
