/*
 * fidelity.c - do simulated rollouts go as recorded ones?
 *
 *     fidelity [--only PREFIX] ROLLSIM TRACES OUT
 *
 * For each case below TRACES/1.20 and TRACES/1.36: write it as a scenario to
 * OUT, run it with the program ROLLSIM, compare, print a line.  Agreeing with
 * either recording of a case is enough.  Where recordings of one input differ
 * from each other, or runs do by random orders, the recording has to be an
 * ordinary one among 39 runs (spread.c).  The last line is the count; exit 1
 * if a case failed.
 */
#include <dirent.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../fidelity/fidelity.h"
#include "base/bug.h"
#include "io/file.h"

extern char **environ;

/* Kinds of cases that are compared; the others are listed as not yet. */
static const char *const kinds[] = {
    "create", "ru-", "recreate", "minready", "hetero", "rollback", "rollover",
    "scale", "pause", "partial", "deadline", "stuck", "zero", "update",
    "notready", "flap", "pod", "bluegreen", "capacity", "qps20-ru",
    "qps20-scale", "rnd-", "sts-", "rndsts-", "ds-", "job", "cron",
    "pdb-", "nopdb-", "node-dies", "hpa-", "quota-",
};

struct counts {
    int passed, failed, skipped;
};

static bool known(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (strncmp(name, kinds[i], strlen(kinds[i])) == 0)
            return true;
    return false;
}

/* Back-off makes the times of these differ between recordings. */
static bool states_only(const char *name)
{
    return strncmp(name, "capacity-", 9) == 0 ||
           strncmp(name, "quota-", 6) == 0;
}

/* What happens there depends on which nodes the scheduler picked at random
 * for which pods: one of the first SEEDS runs must go as recorded. */
#define SEEDS 40
static bool lucky(const char *name)
{
    return strncmp(name, "pdb-3-unhealthy", 15) == 0 ||
           strncmp(name, "pdb-6-drain-during", 18) == 0 ||
           strncmp(name, "node-dies", 9) == 0;
}

/* Run rollsim on the scenario; its exit code, -1 if it did not exit. */
static int run(const char *rollsim, const char *scenario, const char *csv,
               int seed)
{
    char number[16];
    char *argv[] = { (char *)rollsim, (char *)"run", (char *)scenario,
                     (char *)"--csv", (char *)csv, (char *)"-q",
                     (char *)"--allow", (char *)"no-readiness-probe",
                     (char *)"--seed", number, NULL };
    posix_spawn_file_actions_t io;
    pid_t pid;
    int status = -1;

    snprintf(number, sizeof(number), "%d", seed);
    posix_spawn_file_actions_init(&io);
    posix_spawn_file_actions_addopen(&io, STDOUT_FILENO, "/dev/null", 1, 0);
    if (posix_spawn(&pid, rollsim, &io, NULL, argv, environ) != 0)
        return -1;
    posix_spawn_file_actions_destroy(&io);
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The largest spec.replicas that documents and steps ask for. */
static int largest(const struct fidelity_case *c)
{
    const struct value *steps = value_get(c->steps, "steps");
    int most = 1;

    for (size_t i = 0; i < c->ndocs; i++) {
        int n = atoi(value_text(value_at(c->docs[i], "spec.replicas"), "1"));

        most = n > most ? n : most;
        n = atoi(value_text(value_at(c->docs[i], "spec.maxReplicas"), "1"));
        most = n > most ? n : most;
    }
    for (size_t i = 0; steps && i < steps->len; i++) {
        int n = atoi(value_text(value_at(steps->u.items[i],
                                         "scale.replicas"), "1"));

        most = n > most ? n : most;
    }
    return most;
}

/* A case, its recordings, and where its runs go. */
struct trial {
    struct arena *arena;
    const char *rollsim, *name, *scenario, *csv;
    struct fidelity_case *c;
    const struct summary *first, *second;       /* second: NULL if none */
};

/* Two summaries of the same input differ by the rule of compare.c. */
static const char *differ(const struct trial *t, const struct summary *x,
                          const struct summary *y)
{
    return fidelity_compare(t->arena, x, y, largest(t->c),
                            states_only(t->name));
}

/* One run of the scenario; NULL after a message. */
static const struct summary *run_once(const struct trial *t, int seed)
{
    struct err_list errors;
    struct summary *s;

    err_init(&errors, t->arena);
    if (run(t->rollsim, t->scenario, t->csv, seed) != 0) {
        fprintf(stderr, "rollsim run %s failed\n", t->scenario);
        return NULL;
    }
    s = fidelity_observe(t->arena, t->csv, t->first->observed_ms, &errors);
    if (s)
        s->workload = t->first->workload;
    else
        err_print(&errors, stderr, ERR_HUMAN, false);
    return s;
}

/* Do the two recordings in a folder differ from each other? */
static bool recordings_differ(const struct trial *t, const char *folder)
{
    const char *one = arena_printf(t->arena, "%s/summary.json", folder);
    const char *two = arena_printf(t->arena, "%s/summary_repeat.json", folder);

    return access(one, R_OK) == 0 && access(two, R_OK) == 0 &&
           differ(t, fidelity_recorded(t->arena, one),
                  fidelity_recorded(t->arena, two)) != NULL;
}

/* The recording differs from the run by `why`.  Where chance decides, it is
 * compared with RUNS of them: that is where the recordings of this input
 * differ from each other, by either version (latencies are then drawn from
 * the laws measured), or where the runs differ, which have random orders and
 * nothing else.  NULL if it is an ordinary one among them: not strange, and,
 * unless no run is like the first one, like one of them in all that compare.c
 * looks at. */
#define RUNS 39
#define STRANGE 0.05
static const char *judge_by_spread(const struct trial *t, const char *traces,
                                   const char *why)
{
    const struct summary *runs[RUNS];
    bool measured =
        recordings_differ(t, arena_printf(t->arena, "%s/1.20/%s", traces,
                                          t->name)) ||
        recordings_differ(t, arena_printf(t->arena, "%s/1.36/%s", traces,
                                          t->name));
    bool chance = measured, alike = false, met = false;
    double p;

    if (fidelity_convert(t->c, t->scenario, t->first->observed_ms, measured))
        return why;
    for (int i = 0; i < RUNS; i++) {
        runs[i] = run_once(t, i + 1);
        if (!runs[i])
            return "a run failed";
        if (i > 0 && differ(t, runs[0], runs[i]))
            chance = true;
        else
            alike = alike || i > 0;
        met = met || !differ(t, t->first, runs[i]);
    }
    if (!chance || (alike && !met))
        return why;
    p = fidelity_strangeness(t->arena, t->first, runs, RUNS, largest(t->c));
    return p > STRANGE ? NULL
                       : arena_printf(t->arena, "%s; as strange as %.3f of "
                                                "the runs", why, p);
}

/* NULL if the case agrees with a recording of it, else the difference from
 * the first one. */
static const char *check(struct arena *a, const char *rollsim,
                         const char *traces, const char *version,
                         const char *name, const char *out)
{
    const char *folder = arena_printf(a, "%s/%s/%s", traces, version, name);
    struct trial t = {
        a, rollsim, name, arena_printf(a, "%s/%s-%s.yaml", out, version, name),
        arena_printf(a, "%s/%s-%s", out, version, name), NULL, NULL, NULL,
    };
    struct err_list errors;
    const char *why;

    err_init(&errors, a);
    t.c = fidelity_read(a, version, name, folder, &errors);
    t.first = fidelity_recorded(a, arena_printf(a, "%s/summary.json", folder));
    t.second = fidelity_recorded(a, arena_printf(a, "%s/summary_repeat.json",
                                                 folder));
    if (!t.c || !t.first)
        return "the case cannot be read";
    why = fidelity_convert(t.c, t.scenario, t.first->observed_ms, false);
    if (why)
        return why;
    for (int seed = 1; seed <= (lucky(name) ? SEEDS : 1); seed++) {
        const struct summary *ours = run_once(&t, seed);

        if (!ours)
            return "the run failed";
        why = differ(&t, t.first, ours);
        if (!why || (t.second && !differ(&t, t.second, ours)))
            return NULL;
    }
    return judge_by_spread(&t, traces, why);
}

static void one(const char *rollsim, const char *traces, const char *version,
                const char *name, const char *out, struct counts *n)
{
    struct arena *a = arena_new();
    const char *why;

    if (!known(name)) {
        printf("not yet  %s %s\n", version, name);
        n->skipped++;
    } else {
        why = check(a, rollsim, traces, version, name, out);
        printf("%s  %s %s%s%s\n", why ? "FAILED " : "ok     ", version, name,
               why ? ": " : "", why ? why : "");
        *(why ? &n->failed : &n->passed) += 1;
    }
    fflush(stdout);
    arena_free(a);
}

static int visible(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

static void all_of(const char *rollsim, const char *traces,
                   const char *version, const char *out, const char *only,
                   struct counts *n)
{
    char path[4096];
    struct dirent **names;
    int count;

    snprintf(path, sizeof(path), "%s/%s", traces, version);
    count = scandir(path, &names, visible, alphasort);
    for (int i = 0; i < count; i++) {
        if (strncmp(names[i]->d_name, only, strlen(only)) == 0)
            one(rollsim, traces, version, names[i]->d_name, out, n);
        free(names[i]);
    }
    if (count >= 0)
        free(names);
}

int main(int argc, char **argv)
{
    struct counts n = { 0 };
    struct arena *a = arena_new();
    struct err_list errors;
    const char *only = "";

    if (argc > 2 && strcmp(argv[1], "--only") == 0) {
        only = argv[2];
        argv += 2;
        argc -= 2;
    }
    if (argc != 4) {
        fprintf(stderr, "usage: fidelity [--only PREFIX] ROLLSIM TRACES "
                        "OUT\n");
        return 2;
    }
    err_init(&errors, a);
    if (file_make_folder(a, argv[3], &errors) != SIM_OK) {
        err_print(&errors, stderr, ERR_HUMAN, false);
        return 4;
    }
    all_of(argv[1], argv[2], "1.20", argv[3], only, &n);
    all_of(argv[1], argv[2], "1.36", argv[3], only, &n);
    arena_free(a);
    printf("%d passed, %d failed, %d skipped\n", n.passed, n.failed,
           n.skipped);
    return n.failed || n.passed == 0 ? 1 : 0;
}
