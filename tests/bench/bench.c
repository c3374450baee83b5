/*
 * bench.c - what the kernel costs, through its public interface.
 *
 * usage: bench [-r ROUNDS] [-c FILE.csv] [ITEM...]      all items if none
 *
 * Items run in turn, round after round, so that a slow spell of the machine
 * hits all of them; the median over the rounds is printed with the least and
 * the greatest.  Times are CPU time.  Compare figures of one run with each
 * other, never with those of another machine or another day.
 *
 *   mm1      M/M/1, load 0.9: ns per customer, two events each
 *   hold N   N events that schedule themselves again, exponential delays
 *   churn    the same at 10^4, and a timer withdrawn and set at every step
 *   list N   the event list alone, against a 4-ary heap (heap N)
 *   simpy    M/M/1 in SimPy, if python3 and simpy are there
 *   simgrid  M/M/1 in SimGrid: the command in the variable SIMGRID
 *   peer     M/M/1 in something else: the command in the variable PEER, which
 *            prints the CPU ns of a customer
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/bug.h"
#include "kernel/event.h"
#include "kernel/evq.h"
#include "kernel/rng.h"

#include "../kernel/evq_heap.h"

#define ROUNDS_MAX 99
#define SIMPY_CUSTOMERS 50000

static double cpu_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static sim_time exponential(struct bulk *b, double mean_ns)
{
    return (sim_time)(-mean_ns * log(bulk_u01(b)));
}

/* ---- M/M/1 -------------------------------------------------------------- */

struct queue {
    struct bulk bulk;
    sim_time ring[4096];        /* instants of arrival */
    unsigned first, len;
    uint64_t served, target;
    double waited;
};

static void serve(struct sim *sim, void *subject, int64_t arg);
static const struct event_kind ev_serve = { "bench.served", 2, serve };

static void serve(struct sim *sim, void *subject, int64_t arg)
{
    struct queue *q = subject;

    q->waited += (double)(sim_now(sim) - q->ring[q->first++ % 4096]);
    if (++q->served == q->target)
        sim_stop(sim);
    if (--q->len)
        sim_after(sim, exponential(&q->bulk, 0.9e9), &ev_serve, q, arg);
}

static void arrive(struct sim *sim, void *subject, int64_t arg);
static const struct event_kind ev_arrive = { "bench.arrival", 1, arrive };

static void arrive(struct sim *sim, void *subject, int64_t arg)
{
    struct queue *q = subject;

    q->ring[(q->first + q->len) % 4096] = sim_now(sim);
    if (q->len++ == 0)
        sim_after(sim, exponential(&q->bulk, 0.9e9), &ev_serve, q, arg);
    if (q->len == 4096)
        BUG("the queue of a bench is full");
    sim_after(sim, exponential(&q->bulk, 1e9), &ev_arrive, q, arg);
}

static double mm1(size_t n)
{
    struct arena *a = arena_new();
    struct sim *sim = sim_new(a, "mm1");
    struct queue *q = arena_make(a, struct queue);
    double start, taken;

    (void)n;
    bulk_init(&q->bulk, 1, 1, 0, 0);
    q->target = 1000000;
    sim_at(sim, 0, &ev_arrive, q, 0);
    start = cpu_s();
    sim_run(sim, SIM_NEVER);
    taken = cpu_s() - start;
    if (q->waited / (double)q->served < 5e9)
        BUG("mean time in the system is %g s, expected 9",
            q->waited / 1e9 / (double)q->served);
    arena_free(a);
    return taken * 1e9 / 1000000;
}

/* ---- hold and churn ----------------------------------------------------- */

struct holder {
    struct bulk *bulk;
    event_id timer;
    double mean_ns;
};

static void hold(struct sim *sim, void *subject, int64_t arg);
static const struct event_kind ev_hold = { "bench.hold", 1, hold };

static void hold(struct sim *sim, void *subject, int64_t arg)
{
    struct holder *h = subject;

    sim_after(sim, exponential(h->bulk, h->mean_ns), &ev_hold, h, arg);
}

static void churn(struct sim *sim, void *subject, int64_t arg);
static const struct event_kind ev_churn = { "bench.churn", 1, churn };
static const struct event_kind ev_timer = { "bench.timer", 2, hold };

static void churn(struct sim *sim, void *subject, int64_t arg)
{
    struct holder *h = subject;

    sim_cancel(sim, h->timer);
    h->timer = sim_after(sim, 60 * SIM_S, &ev_timer, h, arg);
    sim_after(sim, exponential(h->bulk, h->mean_ns), &ev_churn, h, arg);
}

static double run_holders(size_t n, const struct event_kind *kind)
{
    struct arena *a = arena_new();
    struct sim *sim = sim_new(a, "hold");
    struct holder *h = arena_many(a, struct holder, n);
    uint64_t before;
    struct bulk b;
    double start;

    bulk_init(&b, 1, 2, 0, 0);
    for (size_t i = 0; i < n; i++) {
        h[i] = (struct holder){ .bulk = &b, .mean_ns = 1e9 };
        sim_at(sim, exponential(&b, 1e9), kind, &h[i], 0);
    }
    sim_run(sim, SIM_S);        /* each about once: warm */
    before = sim_fired(sim);
    start = cpu_s();
    sim_run(sim, SIM_S + (sim_time)(2e6 / (double)n * 1e9));
    start = (cpu_s() - start) * 1e9 / (double)(sim_fired(sim) - before);
    arena_free(a);
    return start;
}

static double hold_n(size_t n)
{
    return run_holders(n, &ev_hold);
}

static double churn_n(size_t n)
{
    return run_holders(n, &ev_churn);
}

/* ---- the event list alone ----------------------------------------------- */

static double list_n(size_t n)
{
    struct evq *q = evq_new();
    struct evq_entry e;
    size_t steps = n > 100000 ? 2 * n : 1000000;
    struct bulk b;
    double start = 0;

    bulk_init(&b, 1, 3, 0, 0);
    for (size_t i = 0; i < n; i++)
        evq_push(q, (struct evq_entry){ (uint64_t)exponential(&b, 1e9), i });
    for (size_t i = 0; i < n + steps; i++) {
        if (i == n)
            start = cpu_s();
        evq_pop(q, UINT64_MAX, &e);
        e.key += (uint64_t)exponential(&b, 1e9);
        evq_push(q, e);
    }
    start = cpu_s() - start;
    evq_free(q);
    return start * 1e9 / (double)steps;
}

static double heap_n(size_t n)
{
    struct evq_heap h = { 0 };
    struct evq_entry e;
    size_t steps = n > 100000 ? 2 * n : 1000000;
    struct bulk b;
    double start = 0;

    bulk_init(&b, 1, 3, 0, 0);
    for (size_t i = 0; i < n; i++)
        heap_push(&h, (struct evq_entry){ (uint64_t)exponential(&b, 1e9), i });
    for (size_t i = 0; i < n + steps; i++) {
        if (i == n)
            start = cpu_s();
        heap_pop(&h, UINT64_MAX, &e);
        e.key += (uint64_t)exponential(&b, 1e9);
        heap_push(&h, e);
    }
    start = cpu_s() - start;
    free(h.items);
    return start * 1e9 / (double)steps;
}

/* ---- SimPy -------------------------------------------------------------- */

static const char simpy_program[] =
    "import random, time, simpy\n"
    "def source(env, server, n):\n"
    "    for _ in range(n):\n"
    "        yield env.timeout(random.expovariate(1))\n"
    "        env.process(customer(env, server))\n"
    "def customer(env, server):\n"
    "    with server.request() as turn:\n"
    "        yield turn\n"
    "        yield env.timeout(random.expovariate(1 / 0.9))\n"
    "random.seed(1)\n"
    "env = simpy.Environment()\n"
    "env.process(source(env, simpy.Resource(env), N))\n"
    "start = time.process_time()\n"
    "env.run()\n"
    "print((time.process_time() - start) * 1e9 / N)\n";

/* The number that a command prints; NaN if it does not. */
static double printed_by(const char *command)
{
    FILE *f = popen(command, "r");
    double x;

    if (!f)
        return NAN;
    if (fscanf(f, "%lf", &x) != 1)
        x = NAN;
    return pclose(f) == 0 ? x : NAN;
}

/* NaN if python3 or simpy is not there. */
static double simpy(size_t n)
{
    char path[] = "/tmp/rollsim-bench-XXXXXX", command[160];
    int fd = mkstemp(path);
    double ns;
    FILE *f;

    if (fd < 0 || !(f = fdopen(fd, "w")))
        return NAN;
    fprintf(f, "N = %zu\n%s", n, simpy_program);
    fclose(f);
    snprintf(command, sizeof command, "{ python3 %s || /usr/bin/python3 %s; } "
             "2>/dev/null", path, path);
    ns = printed_by(command);
    unlink(path);
    return ns;
}

/* NaN if the variable is not set. */
static double command_of(const char *variable)
{
    const char *command = getenv(variable);

    return command && *command ? printed_by(command) : NAN;
}

static double simgrid(size_t n)
{
    (void)n;
    return command_of("SIMGRID");
}

static double peer(size_t n)
{
    (void)n;
    return command_of("PEER");
}

/* ---- rounds ------------------------------------------------------------- */

static struct item {
    const char *name;
    double (*run)(size_t n);
    size_t n;
    double ns[ROUNDS_MAX];
    bool skip;
} items[] = {
    { "mm1", mm1, 1000000, { 0 }, false },
    { "hold", hold_n, 100, { 0 }, false },
    { "hold", hold_n, 1000, { 0 }, false },
    { "hold", hold_n, 10000, { 0 }, false },
    { "hold", hold_n, 100000, { 0 }, false },
    { "hold", hold_n, 1000000, { 0 }, false },
    { "churn", churn_n, 10000, { 0 }, false },
    { "list", list_n, 100, { 0 }, false },
    { "list", list_n, 1000, { 0 }, false },
    { "list", list_n, 10000, { 0 }, false },
    { "list", list_n, 100000, { 0 }, false },
    { "list", list_n, 1000000, { 0 }, false },
    { "heap", heap_n, 100, { 0 }, false },
    { "heap", heap_n, 1000, { 0 }, false },
    { "heap", heap_n, 10000, { 0 }, false },
    { "heap", heap_n, 100000, { 0 }, false },
    { "heap", heap_n, 1000000, { 0 }, false },
    { "simpy", simpy, SIMPY_CUSTOMERS, { 0 }, false },
    { "simgrid", simgrid, 100000, { 0 }, false },
    { "peer", peer, 0, { 0 }, false },
};

static int ascending(const void *va, const void *vb)
{
    const double *a = va, *b = vb;

    return (*a > *b) - (*a < *b);
}

static void print_machine(void)
{
    FILE *f = fopen("/proc/cpuinfo", "r");
    char line[256], cpu[200] = "unknown processor";

    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "model name : %199[^\n]", cpu) == 1)
            break;
    if (f)
        fclose(f);
    printf("%s, %ld cores online, compiler %s\n", cpu,
           sysconf(_SC_NPROCESSORS_ONLN), __VERSION__);
}

static double median_of(const char *name, size_t n, int rounds)
{
    for (size_t i = 0; i < COUNT_OF(items); i++)
        if (strcmp(items[i].name, name) == 0 && items[i].n == n
            && !items[i].skip)
            return items[i].ns[rounds / 2];
    return NAN;
}

static void print_table(int rounds, FILE *csv)
{
    printf("%-8s %9s %10s %10s %10s\n", "item", "size", "ns", "least",
           "greatest");
    for (size_t i = 0; i < COUNT_OF(items); i++) {
        struct item *it = &items[i];

        if (it->skip)
            continue;
        if (isnan(it->ns[0])) {
            printf("%-8s SKIPPED: it is not there\n", it->name);
            continue;
        }
        qsort(it->ns, (size_t)rounds, sizeof *it->ns, ascending);
        printf("%-8s %9zu %10.1f %10.1f %10.1f\n", it->name, it->n,
               it->ns[rounds / 2], it->ns[0], it->ns[rounds - 1]);
        if (csv)
            fprintf(csv, "%s,%zu,%.2f,%.2f,%.2f,%d\n", it->name, it->n,
                    it->ns[rounds / 2], it->ns[0], it->ns[rounds - 1],
                    rounds);
    }
}

static void print_ratio(const char *what, double ratio)
{
    if (!isnan(ratio))
        printf("%s: x %.2f\n", what, ratio);
}

static void print_ratios(int rounds)
{
    double mm1_ns = median_of("mm1", 1000000, rounds);
    double simpy_ns = median_of("simpy", SIMPY_CUSTOMERS, rounds);
    double list_ns = median_of("list", 1000000, rounds);
    double heap_ns = median_of("heap", 1000000, rounds);

    print_ratio("growth of the list from 10^3 to 10^6",
                list_ns / median_of("list", 1000, rounds));
    print_ratio("growth of the heap from 10^3 to 10^6",
                heap_ns / median_of("heap", 1000, rounds));
    print_ratio("heap over list at 10^6", heap_ns / list_ns);
    print_ratio("SimPy over ours, M/M/1", simpy_ns / mm1_ns);
    print_ratio("SimGrid over ours, M/M/1",
                median_of("simgrid", 100000, rounds) / mm1_ns);
    print_ratio("peer over ours, M/M/1",
                median_of("peer", 0, rounds) / mm1_ns);
}

/* names ends with NULL, as argv does; no name means all. */
static bool wanted(const char *name, char *const *names)
{
    bool all = !*names;

    for (; *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return all;
}

int main(int argc, char **argv)
{
    int rounds = 5, option;
    FILE *csv = NULL;

    while ((option = getopt(argc, argv, "r:c:")) != -1) {
        if (option == 'r')
            rounds = atoi(optarg);
        if (option == '?' || rounds < 1 || rounds > ROUNDS_MAX
            || (option == 'c' && !(csv = fopen(optarg, "w")))) {
            fprintf(stderr,
                    "usage: bench [-r ROUNDS] [-c FILE.csv] [ITEM...]\n");
            return 2;
        }
    }
    print_machine();
    for (size_t i = 0; i < COUNT_OF(items); i++)
        items[i].skip = !wanted(items[i].name, argv + optind);
    for (int r = 0; r < rounds; r++)
        for (size_t i = 0; i < COUNT_OF(items); i++)
            if (!items[i].skip)
                items[i].ns[r] = r && isnan(items[i].ns[0]) ? NAN
                    : items[i].run(items[i].n);
    if (csv)
        fprintf(csv, "item,size,median_ns,least_ns,greatest_ns,rounds\n");
    print_table(rounds, csv);
    print_ratios(rounds);
    return csv && fclose(csv) != 0 ? 4 : 0;
}
