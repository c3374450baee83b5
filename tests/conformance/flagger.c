/*
 * flagger.c - tables about Flagger: weights, phases, readiness.
 *
 * The fixture of the upstream tests has maxWeight 50 where a Service is the
 * target and the table does not say otherwise.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "conformance.h"
#include "models/flagger.h"

#define MOST 32                 /* weights of a case, entries of a trace */

static bool pass(void *ctx, size_t i, const char **why)
{
    (void)ctx;
    (void)i;
    *why = "";
    return true;
}

/* A Canary that has been initialised, before a new revision. */
static struct flagger idle(const struct conf_row *row, int *weights)
{
    struct flagger f = {
        .meta = { .name = "podinfo", .space = "default" }, .target = "podinfo",
        .apex = "podinfo", .provider = FLAGGER_MESH, .threshold = 10,
        .step_weight = (int)conf_int(row, "step_weight", 0),
        .step_promotion = (int)conf_int(row, "step_weight_promotion", 0),
        .max_weight = (int)conf_int(row, "max_weight", 0),
        .iterations = (int)conf_int(row, "iterations", 0),
        .phase = FLAGGER_INITIALIZED, .applied = 1,
        .mirror = strcmp(conf_get(row, "strategy"), "mirror") == 0,
        .step_weights = weights,
    };
    const char *p = conf_get(row, "step_weights");

    if (strcmp(conf_get(row, "strategy"), "service-canary") == 0)
        f.max_weight = 50;
    while (*p >= '0' && *p <= '9' && f.nsteps < MOST) {
        weights[f.nsteps++] = atoi(p);
        p += strcspn(p, ";");
        p += *p == ';';
    }
    return f;
}

/* One tick in which everything is ready and every check passes. */
static void tick(struct flagger *f, struct arena *a)
{
    const struct flagger_ready ready = { true, true };
    struct flagger_sight s = { .primary = ready, .canary = ready,
                               .revision = 2, .check = pass, .arena = a };
    struct flagger_plan p;

    flagger_tick(f, &s, &p);
    *f = p.f;
}

static bool weight_steps(const struct conf_row *row, char *why, size_t room)
{
    struct arena *a = arena_new();
    struct buf got = { 0 };
    int weights[MOST];
    struct flagger f = idle(row, weights);
    bool fine;

    for (int i = 0; i < MOST; i++) {
        tick(&f, a);
        if (f.phase != FLAGGER_PROGRESSING)
            break;
        buf_printf(&got, "%s%d", i ? ";" : "", f.weight);
    }
    fine = strcmp(got.text ? got.text : "", conf_get(row, "expect_weights")) == 0;
    if (!fine)
        conf_why(why, room, "got %s", got.text);
    buf_free(&got);
    arena_free(a);
    return fine;
}

const struct conf_table conf_flagger_weight_steps = {
    .name = "flagger-weight-steps", .check = weight_steps,
};

/* "Progressing:20", "Promoting:-", "Progressing:0m". */
static bool is_as(const struct flagger *f, const char *want, size_t len)
{
    const char *phase = flagger_phase_names[f->phase];
    size_t n = strlen(phase);
    const char *colon = memchr(want, ':', len);

    if (!colon || (size_t)(colon - want) != n || memcmp(want, phase, n) != 0)
        return false;
    if (colon[1] == '-')
        return true;
    return atoi(colon + 1) == f->weight &&
           (want[len - 1] == 'm') == f->mirrored;
}

static bool phases(const struct conf_row *row, char *why, size_t room)
{
    struct arena *a = arena_new();
    int weights[MOST];
    struct flagger f = idle(row, weights);
    const char *p = conf_get(row, "expect_ticks");
    bool fine = *p != '\0';

    for (int i = 0; fine && *p; i++) {
        size_t len = strcspn(p, "|");

        fine = is_as(&f, p, len);
        if (!fine)
            conf_why(why, room, "entry %d: got %s:%d%s", i,
                     flagger_phase_names[f.phase], f.weight,
                     f.mirrored ? "m" : "");
        p += len + (p[len] == '|');
        tick(&f, a);
    }
    arena_free(a);
    return fine;
}

const struct conf_table conf_flagger_phases = {
    .name = "flagger-phases", .check = phases,
};

static bool deployment_ready(const struct conf_row *row, char *why,
                             size_t room)
{
    struct flagger_pods p = {
        .stale = strcmp(conf_get(row, "stale_generation"), "yes") == 0,
        .replicas = (int)conf_int(row, "spec_replicas", -1),
        .updated = (int)conf_int(row, "updated", 0),
        .existing = (int)conf_int(row, "status_replicas", 0),
        .available = (int)conf_int(row, "available", 0),
        .exceeded = strcmp(conf_get(row, "condition"),
                           "deadline_exceeded") == 0,
        .starved = strncmp(conf_get(row, "condition"), "minimum", 7) == 0,
    };
    struct flagger_ready got =
        flagger_pods_ready(&p, (int)conf_int(row, "ready_threshold", 100));

    if (got.ready == (strcmp(conf_get(row, "expect_ready"), "yes") == 0) &&
        got.retriable == (strcmp(conf_get(row, "expect_retriable"),
                                 "yes") == 0))
        return true;
    return conf_why(why, room, "got ready %s, retriable %s",
                    got.ready ? "yes" : "no", got.retriable ? "yes" : "no");
}

const struct conf_table conf_flagger_deployment_ready = {
    .name = "flagger-deployment-ready", .check = deployment_ready,
};
