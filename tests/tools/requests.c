/*
 * requests.c - do requests fail as recorded ones did?
 *
 *     requests [--only PREFIX] ROLLSIM CASES OUT
 *
 * Each case below CASES is written as a scenario to OUT, run 200 times with
 * the program ROLLSIM, and judged; then all of them together: totals within
 * 10 %, rank correlation of the totals at least 0.95, no cause off by more
 * than 25 % in sum; and the delays, from a few more replications with rows,
 * within 20 %.  The last line is the count; exit 1 if anything failed.
 */
#include <dirent.h>
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../requests/requests.h"
#include "io/file.h"

extern char **environ;

#define REPLICATIONS "200"
#define CASES_MAX 256

struct all {
    struct arena *arena;
    double recorded[CASES_MAX][GROUP_COUNT];
    double simulated[CASES_MAX][GROUP_COUNT];
    size_t n;
    struct delays delays;
    int passed, failed;
};

#define ROWS_PER_RUN 8          /* replications with rows for each recorded run */

static int run(const char *rollsim, const char *scenario, const char *csv,
               const char *replications, const char *record)
{
    const char *argv[] = { rollsim, "run", scenario, "--csv", csv, "-q", "-n",
                           replications, "--record", record, "--allow",
                           "no-readiness-probe", NULL };
    posix_spawn_file_actions_t io;
    pid_t pid;
    int status = -1;

    posix_spawn_file_actions_init(&io);
    posix_spawn_file_actions_addopen(&io, STDOUT_FILENO, "/dev/null", 1, 0);
    if (posix_spawn(&pid, rollsim, &io, NULL, (char *const *)argv,
                    environ) != 0)
        return -1;
    posix_spawn_file_actions_destroy(&io);
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static const char *check(struct all *all, const char *rollsim,
                         const char *folder, const char *name,
                         const char *out)
{
    struct arena *a = all->arena;
    const char *scenario = arena_printf(a, "%s/%s.yaml", out, name);
    const char *csv = arena_printf(a, "%s/%s", out, name);
    const char *rows = arena_printf(a, "%s/%s-rows", out, name);
    struct err_list errors;
    struct recorded r;
    struct simulated s;
    const char *why = requests_convert(a, folder, name, scenario);

    err_init(&errors, a);
    if (why)
        return why;
    if (run(rollsim, scenario, csv, REPLICATIONS, "first") != 0)
        return "rollsim run failed";
    if (!requests_recorded(a, folder, &r) ||
        !requests_simulated(a, csv, &s, &errors))
        return "results cannot be read";
    if (run(rollsim, scenario, rows,
            arena_printf(a, "%zu", ROWS_PER_RUN * r.runs), "all") != 0 ||
        !delays_add(&all->delays, folder, name, rows, &errors))
        return "delays cannot be read";
    for (int g = 0; g < GROUP_COUNT; g++) {
        all->recorded[all->n][g] = r.mean[g];
        all->simulated[all->n][g] = mean_of(s.x[g], s.n);
    }
    all->n++;
    return requests_judge(a, &r, &s);
}

static void one(struct all *all, const char *rollsim, const char *cases,
                const char *name, const char *out)
{
    const char *why = check(all, rollsim,
                            arena_printf(all->arena, "%s/%s", cases, name),
                            name, out);

    printf("%s  %s%s%s\n", why ? "FAILED " : "ok     ", name, why ? ": " : "",
           why ? why : "");
    *(why ? &all->failed : &all->passed) += 1;
    fflush(stdout);
}

/* ---- all cases together ---------------------------------------------------------------- */

/* Ranks, ties shared. */
static void ranks(double x[][GROUP_COUNT], size_t n, double *out)
{
    for (size_t i = 0; i < n; i++) {
        double below = 0, same = 0;

        for (size_t k = 0; k < n; k++) {
            below += x[k][GROUP_TOTAL] < x[i][GROUP_TOTAL];
            same += x[k][GROUP_TOTAL] == x[i][GROUP_TOTAL];
        }
        out[i] = below + (same + 1) / 2;
    }
}

static double rank_correlation(struct all *all)
{
    double a[CASES_MAX], b[CASES_MAX], ma, mb, ab = 0, aa = 0, bb = 0;

    ranks(all->recorded, all->n, a);
    ranks(all->simulated, all->n, b);
    ma = mean_of(a, all->n);
    mb = mean_of(b, all->n);
    for (size_t i = 0; i < all->n; i++) {
        ab += (a[i] - ma) * (b[i] - mb);
        aa += (a[i] - ma) * (a[i] - ma);
        bb += (b[i] - mb) * (b[i] - mb);
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : 1;
}

static void claim(struct all *all, bool holds, const char *text)
{
    printf("%s  %s\n", holds ? "ok     " : "FAILED ", text);
    *(holds ? &all->passed : &all->failed) += 1;
}

static void together(struct all *all)
{
    double rho = rank_correlation(all);

    for (int g = 0; g < GROUP_COUNT; g++) {
        double r = 0, s = 0, limit = g == GROUP_TOTAL ? 0.10 : 0.25;

        for (size_t i = 0; i < all->n; i++) {
            r += all->recorded[i][g];
            s += all->simulated[i][g];
        }
        claim(all, fabs(s - r) <= limit * r,
              arena_printf(all->arena, "all cases, %s: recorded %.0f, "
                                       "simulated %.0f", group_names[g], r,
                           s));
    }
    claim(all, rho >= 0.95,
          arena_printf(all->arena, "rank correlation of totals %.3f", rho));
    for (size_t i = 0; i < all->delays.len; i++) {
        bool holds;
        const char *text = delay_judge(all->arena, &all->delays.items[i],
                                       &holds);

        claim(all, holds, text);
    }
}

static int visible(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

int main(int argc, char **argv)
{
    struct all all = { .arena = arena_new() };
    const char *only = "";
    struct dirent **names;
    struct err_list errors;
    int count;

    all.delays.arena = all.arena;
    if (argc > 2 && strcmp(argv[1], "--only") == 0) {
        only = argv[2];
        argv += 2;
        argc -= 2;
    }
    err_init(&errors, all.arena);
    if (argc != 4 ||
        file_make_folder(all.arena, argv[3], &errors) != SIM_OK) {
        fprintf(stderr, "usage: requests [--only PREFIX] ROLLSIM CASES "
                        "OUT\n");
        return 2;
    }
    count = scandir(argv[2], &names, visible, alphasort);
    for (int i = 0; i < count && all.n < CASES_MAX; i++)
        if (strncmp(names[i]->d_name, only, strlen(only)) == 0)
            one(&all, argv[1], argv[2], names[i]->d_name, argv[3]);
    if (!*only && all.n > 1)
        together(&all);
    printf("%d passed, %d failed\n", all.passed, all.failed);
    return all.failed || all.passed == 0 ? 1 : 0;
}
