/*
 * bench_runs.c - what whole runs cost: requests, rollouts, replications.
 *
 * usage: bench_runs [-l] [-r ROUNDS] [-c FILE.csv] [-k CURVES.csv] ROLLSIM
 *                   [ITEM...]                      all items if none
 *
 * The program is run as users run it; its CPU time, wall time and memory are
 * those that the kernel accounts to it.  Items take turns, round after round.
 * A request's cost is the difference of two runs that differ in their length
 * only, over the difference in requests; so the cluster that runs beside them
 * is in it.  -l: also what takes minutes.
 */
#define _DEFAULT_SOURCE         /* wait4 */
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/bug.h"

#define ROUNDS_MAX 99
#define TEXT_MAX 8192
#define FOLDER "/tmp/rollsim-bench"

static const char *program;
static bool with_long;

struct cost {
    double cpu_s, wall_s, rss_mib;
};

/* ---- running the program ------------------------------------------------ */

static double wall_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds_of(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static void write_scenario(const char *text)
{
    FILE *f = fopen(FOLDER ".yaml", "w");

    if (!f || fputs(text, f) < 0 || fclose(f) != 0)
        BUG("cannot write %s.yaml", FOLDER);
}

/* In the child. */
static void become(const char *more)
{
    char words[256], *rest = words, *argv[32] = { 0 };
    int null = open("/dev/null", O_WRONLY), argc = 0;

    snprintf(words, sizeof(words), "rollsim run %s.yaml -q %s", FOLDER, more);
    for (char *w; argc < 31 && (w = strtok_r(rest, " ", &rest)) != NULL;)
        argv[argc++] = w;
    dup2(null, STDOUT_FILENO);
    execv(program, argv);
    _exit(127);
}

/* `rollsim run` of this scenario with more arguments. */
static struct cost run(const char *more, const char *text)
{
    double start = wall_s();
    struct rusage use;
    int status;
    pid_t child;

    write_scenario(text);
    child = fork();
    if (child == 0)
        become(more);
    if (child < 0 || wait4(child, &status, 0, &use) != child ||
        !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        BUG("%s fails on %s.yaml %s", program, FOLDER, more);
    return (struct cost){
        .cpu_s = seconds_of(use.ru_utime) + seconds_of(use.ru_stime),
        .wall_s = wall_s() - start,
        .rss_mib = (double)use.ru_maxrss / 1024 };
}

/* ---- scenarios ---------------------------------------------------------- */

/* A room per scenario in use at a time. */
static const char *text(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
static const char *text(const char *format, ...)
{
    static char rooms[4][TEXT_MAX];
    static int next;
    char *room = rooms[next++ % 4];
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(room, TEXT_MAX, format, args);
    va_end(args);
    if (n < 0 || n >= TEXT_MAX)
        BUG("a scenario is too long");
    return room;
}

static const char *deployment(const char *name, int replicas)
{
    return text("---\napiVersion: apps/v1\nkind: Deployment\n"
                "metadata: {name: %s}\nspec:\n  replicas: %d\n"
                "  selector: {matchLabels: {app: %s}}\n  template:\n"
                "    metadata: {labels: {app: %s}}\n    spec: {containers: "
                "[{name: web, image: \"web:1\"}]}\n",
                name, replicas, name, name);
}

#define SERVICE                                                               \
    "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n"             \
    "spec: {selector: {app: web}, ports: [{port: 80}]}\n"

/* Ten pods behind a Service, released once, for that many seconds. */
static const char *served(double rate, double duration_s, const char *image)
{
    return text("kind: Scenario\nmetadata: {name: served}\n"
                "run: {warmup: 10s, duration: %.0fs, replications: 1}\n"
                "cluster: {nodes: [{name: n, count: 3}]}\n"
                "images: {web: {startup: 2s, service: {lognormal: {median: "
                "5ms, p95: 20ms}}%s}}\n"
                "traffic: [{to: service/web, rate: %.0f/s, clients: {timeout: "
                "2s}}]\n"
                "release: {at: 1s, workload: deployment/web, images: {web: "
                "\"web:2\"}}\nstrategies: [{name: r, rollingUpdate: {}}]\n"
                SERVICE "%s",
                duration_s, image, rate, deployment("web", 10));
}

/* One of `others` + 1 Deployments is rolled, nobody sends requests.  Before,
 * the controller manager makes all pods, 20 a second. */
static const char *rolled(int replicas, int others, int nodes, bool release)
{
    char rest[4096] = "";

    for (int i = 0; i < others; i++) {
        char name[16];

        snprintf(name, sizeof(name), "other-%d", i);
        strcat(rest, deployment(name, replicas));
    }
    return text("kind: Scenario\nmetadata: {name: rolled}\n"
                "run: {warmup: %dm, duration: 90m, replications: 1}\n"
                "cluster: {nodes: [{name: n, count: %d, cpu: \"64\", memory: "
                "256Gi}]}\nimages: {web: {startup: 2s}}\n%s%s%s",
                30 + (others + 1) * replicas / 1200, nodes, release
                ? "release: {at: 1s, workload: deployment/web, images: {web: "
                  "\"web:2\"}}\nstrategies: [{name: r, rollingUpdate: {}}]\n"
                : "", deployment("web", replicas), rest);
}

static const char *compared(void)
{
    return text("kind: Scenario\nmetadata: {name: compared}\n"
                "run: {warmup: 30s, duration: 10m, replications: 1}\n"
                "cluster: {nodes: [{name: n, count: 3}]}\n"
                "images: {web: {startup: 2s, service: {lognormal: {median: "
                "5ms, p95: 20ms}}}}\n"
                "traffic: [{to: service/web, rate: 200/s, clients: {timeout: "
                "2s}}]\n"
                "release: {at: 30s, workload: deployment/web, images: {web: "
                "\"web:2\"}}\nstrategies:\n"
                "  - {name: recreate, recreate: {}}\n"
                "  - {name: rolling, rollingUpdate: {}}\n"
                "  - {name: one, rollingUpdate: {maxSurge: 1, "
                "maxUnavailable: 0}}\n"
                "  - {name: batch, additionalBatch: {extra: 2}}\n"
                "  - {name: blue, blueGreen: {autoPromotionSeconds: 20}}\n"
                "  - {name: canary, canary: {steps: [{setWeight: 20}, {pause: "
                "{duration: 60s}}]}}\n"
                "  - {name: slow, rollingUpdate: {maxSurge: 1, "
                "maxUnavailable: 0, minReadySeconds: 10}}\n"
                SERVICE "%s", deployment("web", 10));
}

/* ---- items -------------------------------------------------------------- */

#define SHORT 20                /* s; both have the same beginning */
#define LONG 120

static double per_request(const char *image, const char *more)
{
    struct cost many = run(more, served(8000, LONG, image));
    struct cost few = run(more, served(8000, SHORT, image));

    return (many.cpu_s - few.cpu_s) * 1e9 / (8000. * (LONG - SHORT));
}

static double requests(void)
{
    return per_request("", "-j 1");
}

static double requests_events(void)
{
    return per_request(", departures: events", "-j 1");
}

static double requests_series(void)
{
    return per_request("", "-j 1 --csv " FOLDER);
}

static double rollout_1000(void)
{
    return (run("-j 1", rolled(1000, 0, 200, true)).cpu_s -
            run("-j 1", rolled(1000, 0, 200, false)).cpu_s) * 1e3;
}

static double cluster_1000(void)
{
    return run("-j 1", rolled(1000, 0, 200, true)).cpu_s * 1e3;
}

static struct cost large;       /* of the last run of large_s */

static double large_s(void)
{
    large = run("-j 1", rolled(30000, 4, 5000, true));
    return large.cpu_s;
}

static double large_mib(void)
{
    return large.rss_mib;
}

static double replication(void)
{
    const char *n = with_long ? "-j 2 -n 200" : "-j 2 -n 8";

    return run(n, compared()).wall_s * 1e3 / (with_long ? 1400 : 56);
}

static double start_up(void)
{
    return run("-j 1", served(10, 60, "")).wall_s * 1e3;
}

static double threads(void)
{
    double one = run("-j 1 -n 16", served(1000, 60, "")).wall_s;

    return one / run("-j 2 -n 16", served(1000, 60, "")).wall_s;
}

static struct item {
    const char *name, *unit, *target;
    double (*run)(void);
    bool is_long;
    double x[ROUNDS_MAX];
    bool skip;
} items[] = {
    { "requests", "ns", "<= 50", requests, false, { 0 }, false },
    { "events", "ns", "<= 167", requests_events, false, { 0 }, false },
    { "series", "ns", "<= 1.5 requests", requests_series, false, { 0 },
      false },
    { "rollout-1000", "ms", "<= 50", rollout_1000, false, { 0 }, false },
    { "cluster-1000", "ms", "-", cluster_1000, false, { 0 }, false },
    { "replication", "ms", "<= 14.3", replication, false, { 0 }, false },
    { "start", "ms", "<= 20", start_up, false, { 0 }, false },
    { "threads", "x", ">= 1.8", threads, false, { 0 }, false },
    { "rollout-150k", "s", "<= 10", large_s, true, { 0 }, false },
    { "memory-150k", "MiB", "< 1024", large_mib, true, { 0 }, false },
};

static int ascending(const void *va, const void *vb)
{
    const double *a = va, *b = vb;

    return (*a > *b) - (*a < *b);
}

static void print_table(int rounds, FILE *csv)
{
    printf("%-14s %-4s %10s %10s %10s  %s\n", "item", "unit", "median",
           "least", "greatest", "target");
    if (csv)
        fprintf(csv, "item,unit,median,least,greatest,rounds,target\n");
    for (size_t i = 0; i < COUNT_OF(items); i++) {
        struct item *it = &items[i];
        int n = it->is_long ? 1 : rounds;

        if (it->skip)
            continue;
        qsort(it->x, (size_t)n, sizeof(*it->x), ascending);
        printf("%-14s %-4s %10.2f %10.2f %10.2f  %s\n", it->name, it->unit,
               it->x[n / 2], it->x[0], it->x[n - 1], it->target);
        if (csv)
            fprintf(csv, "%s,%s,%.3f,%.3f,%.3f,%d,%s\n", it->name, it->unit,
                    it->x[n / 2], it->x[0], it->x[n - 1], n, it->target);
    }
}

/* ---- curves ------------------------------------------------------------- */

static void put_point(FILE *csv, const char *curve, double size, struct cost c)
{
    fprintf(csv, "%s,%.0f,%.4f,%.4f,%.2f\n", curve, size, c.cpu_s, c.wall_s,
            c.rss_mib);
    fflush(csv);
}

static void draw_curves(FILE *csv)
{
    fprintf(csv, "curve,size,cpu_s,wall_s,rss_mib\n");
    for (double n = 1e4; n <= (with_long ? 1e8 : 1e7); n *= 10)
        put_point(csv, "requests", n, run("-j 1", served(8000, n / 8000 + 2,
                                                         "")));
    for (double n = 10; n <= (with_long ? 150000 : 3000); n *= 10) {
        put_point(csv, "pods", n, run("-j 1", rolled(
            (int)n, 0, (int)n / 30 + 1, true)));
        if (3 * n <= (with_long ? 30000 : 3000))
            put_point(csv, "pods", 3 * n, run("-j 1", rolled(
                (int)n * 3, 0, (int)n / 10 + 1, true)));
    }
    for (int n = 1; n <= (with_long ? 10000 : 100); n *= 10) {
        char more[32];

        snprintf(more, sizeof(more), "-j 1 -n %d", n);
        put_point(csv, "replications", n, run(more, served(200, 60, "")));
    }
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

static int usage(void)
{
    fputs("usage: bench_runs [-l] [-r ROUNDS] [-c FILE.csv] [-k CURVES.csv] "
          "ROLLSIM [ITEM...]\n", stderr);
    return 2;
}

int main(int argc, char **argv)
{
    FILE *csv = NULL, *curves = NULL;
    int rounds = 5, option;

    while ((option = getopt(argc, argv, "lr:c:k:")) != -1) {
        with_long |= option == 'l';
        if (option == 'r')
            rounds = atoi(optarg);
        if (option == '?' || rounds < 1 || rounds > ROUNDS_MAX ||
            (option == 'c' && !(csv = fopen(optarg, "w"))) ||
            (option == 'k' && !(curves = fopen(optarg, "w"))))
            return usage();
    }
    if (optind == argc)
        return usage();
    program = argv[optind];
    for (size_t i = 0; i < COUNT_OF(items); i++)
        items[i].skip = !wanted(items[i].name, argv + optind + 1) ||
                        (items[i].is_long && !with_long);
    for (int r = 0; r < rounds; r++)
        for (size_t i = 0; i < COUNT_OF(items); i++)
            if (!items[i].skip && (r == 0 || !items[i].is_long))
                items[i].x[r] = items[i].run();
    print_table(rounds, csv);
    if (curves)
        draw_curves(curves);
    remove(FOLDER ".yaml");
    return (csv && fclose(csv) != 0) || (curves && fclose(curves) != 0) ? 4 : 0;
}
