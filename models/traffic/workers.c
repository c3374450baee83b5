/*
 * workers.c - who of a pod's workers takes a request, and until when.
 *
 * Workers are alike: what counts is how many are busy and when the first of
 * them is free.  While some are idle, the busy ones are a plain list of the
 * times at which they are free; those past are forgotten now and then, so a
 * request costs a few steps.  When most of them are busy the list becomes a
 * heap, and a list again when the rush is over.
 *
 * Source: Lindley 1952; Kiefer and Wolfowitz 1955; reference (speed) 5.
 */
#include "traffic_impl.h"

#define LIST_LEAST 16

/* What takes `work` at full speed. */
static sim_time slowed(const struct process *p, double slowdown,
                       sim_time work, sim_time start)
{
    double speed = process_speed(p, start);

    if ((slowdown == 1 && speed == 1) || work >= SIM_NEVER)
        return work;
    return (sim_time)((double)work * slowdown / speed + 0.5);
}

sim_time server_work(const struct server *s, const struct behaviour *code,
                     double u, sim_time start)
{
    const struct process *p = s->process;
    sim_time work = dist_at(&code->service, u);

    return code->slowdown == 1 && start >= p->warm_until
               ? work : slowed(p, code->slowdown, work, start);
}

/* ---- the busy ones ------------------------------------------------------ */

/* Put t where place i of the heap is free, or further down. */
static void sift_down(struct workers *w, size_t i, sim_time t)
{
    size_t k;

    while ((k = 2 * i + 1) < w->busy.len) {
        if (k + 1 < w->busy.len && w->busy.items[k + 1] < w->busy.items[k])
            k++;
        if (w->busy.items[k] >= t)
            break;
        w->busy.items[i] = w->busy.items[k];
        i = k;
    }
    w->busy.items[i] = t;
}

/* Forget those who are idle again.  n: how many workers there are. */
static void make_list(struct workers *w, size_t n, sim_time now)
{
    size_t busy = 0;

    for (size_t i = 0; i < w->busy.len; i++) {  /* who is busy is not to be
                                                 * guessed: no branch */
        sim_time t = w->busy.items[i];

        w->busy.items[busy] = t;
        busy += t > now;
    }
    w->busy.len = busy;
    w->look_at = 2 * busy + LIST_LEAST < n ? 2 * busy + LIST_LEAST : n;
    w->heaped = false;
}

/* n: how many workers there are; if they were more, the first to be free are
 * those who left. */
static void make_heap(struct workers *w, size_t n)
{
    for (size_t i = w->busy.len / 2; i-- > 0;)
        sift_down(w, i, w->busy.items[i]);
    while (w->busy.len > n) {
        w->busy.len--;
        sift_down(w, 0, w->busy.items[w->busy.len]);
    }
    w->heaped = true;
    w->look_at = 0;
}

/* How many of the heap are busy. */
static size_t count_busy(const struct workers *w, sim_time now)
{
    size_t busy = 0;

    for (size_t i = 0; i < w->busy.len; i++)
        busy += w->busy.items[i] > now;
    return busy;
}

/* ---- the queue ---------------------------------------------------------- */

/* How many wait for a worker. */
static size_t waiting(struct server *s, sim_time now)
{
    size_t len = s->starts.len;

    while (s->started < len && s->starts.items[s->started] <= now)
        s->started++;
    if (s->started == len)
        s->starts.len = s->started = 0;
    return s->starts.len - s->started;
}

/* Drop the past half of the list of starts. */
static void trim_starts(struct server *s)
{
    size_t len = s->starts.len - s->started;

    if (s->started < SWEEP_LEAST || s->started < len)
        return;
    for (size_t i = 0; i < len; i++)
        s->starts.items[i] = s->starts.items[i + s->started];
    s->starts.len = len;
    s->started = 0;
}

/* ---- taking a request --------------------------------------------------- */

/* Is one of n workers idle?  If so, there is room for him in the list, or he
 * is the first of a full heap. */
static bool one_is_idle(struct workers *w, size_t n, sim_time now)
{
    if (w->heaped && ++w->look_at >= n) {
        w->look_at = 0;
        if (count_busy(w, now) <= n / 2)
            make_list(w, n, now);
    }
    if (w->heaped)
        return w->busy.items[0] <= now;
    if (w->busy.len < w->look_at)
        return true;
    make_list(w, n, now);
    if (w->busy.len < n)
        return true;
    make_heap(w, n);
    return false;
}

/* When a worker can begin what comes now, if that takes a look; SIM_NEVER if
 * the queue is full. */
static sim_time look_for_worker(struct server *s, sim_time now)
{
    const struct behaviour *b = s->process->behaviour;
    sim_time start;

    if (one_is_idle(&s->workers, (size_t)b->concurrency, now))
        return now;
    if (waiting(s, now) >= (size_t)b->queue)
        return SIM_NEVER;
    start = s->workers.busy.items[0];
    trim_starts(s);
    vec_push(s->traffic->w->arena, &s->starts, start);
    return start;
}

struct stint workers_take(struct server *s, const struct behaviour *code,
                          double u, sim_time now)
{
    struct workers *w = &s->workers;
    struct stint stint = { .start = now };
    sim_time work;

    if (w->heaped || w->busy.len >= w->look_at)
        stint.start = look_for_worker(s, now);
    if (stint.start == SIM_NEVER)
        return stint;
    work = server_work(s, code, u, stint.start);
    stint.departs = work < SIM_NEVER - stint.start ? stint.start + work
                                                   : SIM_NEVER;
    s->worked += work < SIM_NEVER ? work : 0;
    s->taken++;
    if (w->heaped)
        sift_down(w, 0, stint.departs);
    else
        vec_push(s->traffic->w->arena, &w->busy, stint.departs);
    return stint;
}

void workers_change(struct server *s)
{
    s->workers.look_at = 0;
    s->workers.heaped = false;
}

void workers_leave(struct server *s)
{
    s->workers.busy.len = s->workers.look_at = 0;
    s->workers.heaped = false;
    s->starts.len = s->started = 0;
}
