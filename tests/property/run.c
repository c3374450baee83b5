/*
 * run.c - many trials, each process its share; and making a failure small.
 *
 * A broken invariant inside the program aborts it, so trials that are looked
 * at more closely run in a child process of their own.  Shrinking tries
 * simpler trials, one change at a time, as long as they fail too (in whatever
 * way), until no change does.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <gsl/gsl_errno.h>
#include "property.h"

#define CHILD_S 30              /* of processor time, for one trial */

/* A clock of this process's own time, whatever else the machine does. */
static timer_t clock_new(void)
{
    struct sigevent ring = { .sigev_notify = SIGEV_SIGNAL,
                             .sigev_signo = SIGALRM };
    timer_t t;

    if (timer_create(CLOCK_PROCESS_CPUTIME_ID, &ring, &t) != 0)
        _exit(2);
    return t;
}

/* From now on the process may run for CHILD_S. */
static void clock_wind(timer_t t)
{
    struct itimerspec most = { .it_value.tv_sec = CHILD_S };

    timer_settime(t, 0, &most, NULL);
}

/* ---- one, in a child ------------------------------------------------------------- */

static void run_child(const struct trial *t, int out)
{
    struct arena *a = arena_new();
    const char *why;

    if (dup2(out, STDERR_FILENO) < 0)   /* where a BUG says what it is */
        _exit(2);
    clock_wind(clock_new());
    why = trial_run(a, t);
    if (why && write(out, why, strlen(why)) < 0)
        _exit(2);
    _exit(why ? 1 : 0);
}

int trial_try(const struct trial *t, char *text, size_t size)
{
    int ends[2], status = 0;
    size_t len = 0;
    ssize_t got;
    pid_t child;

    if (pipe(ends) != 0 || (child = fork()) < 0) {
        perror("property");
        exit(2);
    }
    if (child == 0)
        run_child(t, ends[1]);
    close(ends[1]);
    while (len + 1 < size &&
           (got = read(ends[0], text + len, size - len - 1)) > 0)
        len += (size_t)got;
    text[len] = '\0';
    close(ends[0]);
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status) && len == 0)
        snprintf(text, size, "%s", WTERMSIG(status) == SIGALRM
                 ? "runs for ever" : "breaks off");
    return status;
}

/* ---- shrinking ------------------------------------------------------------------- */

/* Numbers that are simpler when smaller (or when they are `simple`). */
static const struct {
    size_t offset;
    int simple;
} knobs[] = {
    { offsetof(struct trial, profile), 0 },
    { offsetof(struct trial, version_1_20), 0 },
    { offsetof(struct trial, traffic), 0 }, { offsetof(struct trial, qps), -1 },
    { offsetof(struct trial, probe), 0 },
    { offsetof(struct trial, min_ready_s), 0 },
    { offsetof(struct trial, node_pods), 110 },
    { offsetof(struct trial, history), 10 },
    { offsetof(struct trial, deadline_s), 600 },
    { offsetof(struct trial, grace_s), 30 },
    { offsetof(struct trial, tolerate_s), -1 },
    { offsetof(struct trial, on_delete), 0 },
    { offsetof(struct trial, recreate), 0 },
    { offsetof(struct trial, parallel), 0 },
    { offsetof(struct trial, stop_s), 0 },
    { offsetof(struct trial, ready_s), 1 },
    { offsetof(struct trial, start_s), 1 },
    { offsetof(struct trial, nodes), 1 },
    { offsetof(struct trial, replicas), 1 },
};

/* Take the trial if it fails as well. */
static bool take(struct trial *t, const struct trial *simpler, char *text,
                 size_t size)
{
    char why[400];

    if (memcmp(t, simpler, sizeof(*t)) == 0 ||
        trial_try(simpler, why, sizeof(why)) == 0 ||
        strncmp(why, "is refused", 10) == 0)
        return false;
    *t = *simpler;
    snprintf(text, size, "%s", why);
    return true;
}

static bool shrink_steps(struct trial *t, char *text, size_t size)
{
    bool any = false;

    for (int i = 0; i < STEPS_MOST; i++) {
        struct trial s = *t;

        if (t->steps[i].kind == STEP_NONE)
            continue;
        s.steps[i] = (struct step){ .kind = STEP_NONE };
        any |= take(t, &s, text, size);
    }
    return any;
}

static bool shrink_versions(struct trial *t, char *text, size_t size)
{
    bool any = false;

    for (int v = 0; v <= VERSIONS_MOST; v++) {
        struct trial s = *t;

        s.bad &= ~(1U << v);
        any |= take(t, &s, text, size);
        s = *t;
        s.crashing &= ~(1U << v);
        any |= take(t, &s, text, size);
    }
    return any;
}

static bool shrink_knobs(struct trial *t, char *text, size_t size)
{
    bool any = false;

    for (size_t i = 0; i < sizeof(knobs) / sizeof(*knobs); i++) {
        int now = *(int *)((char *)t + knobs[i].offset);
        int half = knobs[i].simple + (now - knobs[i].simple) / 2;

        for (int k = 0; k < 2; k++) {
            struct trial s = *t;

            *(int *)((char *)&s + knobs[i].offset) =
                k ? half : knobs[i].simple;
            if (take(t, &s, text, size)) {
                any = true;
                break;
            }
        }
    }
    return any;
}

struct trial trial_shrink(const struct trial *t, char *text, size_t size)
{
    struct trial s = *t;

    trial_try(&s, text, size);
    for (int round = 0; round < 20; round++) {
        bool any = shrink_steps(&s, text, size);

        any |= shrink_versions(&s, text, size);
        any |= shrink_knobs(&s, text, size);
        if (!any)
            break;
    }
    return s;
}

/* ---- many ------------------------------------------------------------------------ */

struct share {
    uint64_t first, n;
    int stride, offset;
};

/* What a process tells: which trial it begins. */
struct begun {
    int process;
    uint64_t seed;
};

/* Run a share; the seeds go to out, the last one is that of a failure. */
static void run_share(const struct share *s, int out)
{
    struct arena *a = arena_new();
    timer_t clock = clock_new();
    const char *why = NULL;

    for (uint64_t i = (uint64_t)s->offset; i < s->n && !why;
         i += (uint64_t)s->stride) {
        struct begun b = { s->offset, s->first + i };
        struct trial t = trial_draw(b.seed);

        if (write(out, &b, sizeof(b)) != sizeof(b))
            _exit(2);
        clock_wind(clock);
        why = trial_run(a, &t);
        arena_reset(a);
    }
    _exit(why ? 1 : 0);
}

/* status: how the process ended in which it failed first. */
static void report(uint64_t seed, int status)
{
    struct trial t = trial_draw(seed);
    struct buf text = { 0 };
    char why[400] = "";

    if (trial_try(&t, why, sizeof(why)) == 0)
        snprintf(why, sizeof(why), "fails only after others (%s %d)",
                 WIFSIGNALED(status) ? "signal" : "exit",
                 WIFSIGNALED(status) ? WTERMSIG(status)
                                     : WEXITSTATUS(status));
    printf("trial %llu: %s\n", (unsigned long long)seed, why);
    fflush(stdout);
    t = trial_shrink(&t, why, sizeof(why));
    trial_print(&t, &text);
    printf("the smallest that fails: %s\n\n%s\n", why, text.text);
    buf_free(&text);
}

/* Start a child for a share, which tells its seeds through ends. */
static pid_t start(const struct share *s, const int ends[2])
{
    pid_t child = fork();

    if (child < 0) {
        perror("property");
        exit(2);
    }
    if (child == 0) {
        close(ends[0]);
        if (!freopen("/dev/null", "w", stderr))
            _exit(2);
        run_share(s, ends[1]);
    }
    return child;
}

#define PROCESSES_MOST 64

int trials_run(uint64_t first, uint64_t n, int processes)
{
    pid_t child[PROCESSES_MOST];
    uint64_t last[PROCESSES_MOST] = { 0 };
    struct begun b;
    int ends[2], failures = 0;

    processes = processes < 1 ? 1 : processes > PROCESSES_MOST
                ? PROCESSES_MOST : processes;
    gsl_set_error_handler_off();
    fflush(stdout);
    if (pipe(ends) != 0) {
        perror("property");
        exit(2);
    }
    for (int p = 0; p < processes; p++)
        child[p] = start(&(struct share){ first, n, processes, p }, ends);
    close(ends[1]);
    while (read(ends[0], &b, sizeof(b)) == sizeof(b))
        last[b.process] = b.seed;
    close(ends[0]);
    for (int p = 0; p < processes; p++) {
        int status = 0;

        waitpid(child[p], &status, 0);
        if (status == 0)
            continue;
        failures++;
        report(last[p], status);
    }
    return failures;
}
