/*
 * judging.c - a canary judge at work.
 *
 * What it sees is what monitoring has seen: samples are late by its lag, the
 * first window of a version has no data, and a version without requests has
 * none at all, which fails a judgement in which half of the metrics have none.
 * Below five samples a side nothing can be High or Low at the usual confidence
 * (98 %), so a judgement before that is blind.
 *
 * The baseline is the old version as it runs, not fresh pods of it: caches and
 * age differ, as where a canary is compared with production.
 * Source: Kayenta a69573be; reference (progressive delivery) 3.1.
 */
#include "models/judging.h"

#include <math.h>

#include "base/vec.h"
#include "models/measure.h"
#include "models/world.h"

typedef VEC(double) sample_list;

struct seen_samples {           /* of one metric, the newest last */
    sample_list old, new_;
};

struct judging {
    struct world *w;
    const struct judge_spec *spec;
    struct seen_samples *samples;       /* by metric */
    sim_time began;             /* the release, and the delay after it */
    void (*failed)(void *ctx);
    void *ctx;
};

static void fire_sample(struct sim *sim, void *subject, int64_t arg);
static const struct event_kind ev_sample = { "judge.sample", RANK_MEASURE,
                                             fire_sample };
static void fire_wait(struct sim *sim, void *subject, int64_t arg);
static const struct event_kind ev_wait = { "judge.wait", RANK_MEASURE,
                                           fire_wait };

/* A metric of one version in the last interval; NaN without data. */
static double read_sample(struct judging *j, enum seen what, enum seen_of of)
{
    struct seen_query q = { .what = what, .of = of,
                            .window = j->spec->sample };
    double value;

    return monitoring_read(j->w, &q, &value) ? value : NAN;
}

static void take_samples(struct judging *j)
{
    for (size_t i = 0; i < j->spec->n; i++) {
        enum seen what = j->spec->metrics[i].what;

        vec_push(j->w->arena, &j->samples[i].old,
                 read_sample(j, what, SEEN_OF_OLD));
        vec_push(j->w->arena, &j->samples[i].new_,
                 read_sample(j, what, SEEN_OF_NEW));
    }
}

/* The samples that are looked back at. */
static struct sample recent(const struct judging *j, const sample_list *x)
{
    size_t n = x->len;

    if (j->spec->lookback > 0 &&
        n > (size_t)(j->spec->lookback / j->spec->sample))
        n = (size_t)(j->spec->lookback / j->spec->sample);
    return (struct sample){ x->items + (x->len - n), n };
}

/* Judge everything; *text says how each metric did. */
static double score_now(struct judging *j, struct arena *a, const char **text)
{
    const struct judge_spec *s = j->spec;
    struct judge_result *results = arena_many(a, struct judge_result, s->n);
    struct judge_weight *weights = arena_many(a, struct judge_weight, s->n);
    size_t nweights = 0;

    *text = "";
    for (size_t i = 0; i < s->n; i++) {
        const struct judged_metric *m = &s->metrics[i];
        struct judgement d = judge_classify(&m->how,
                                            recent(j, &j->samples[i].old),
                                            recent(j, &j->samples[i].new_), a);

        results[i] = (struct judge_result){ m->group, d.label, d.fails };
        if (m->weight > 0)
            weights[nweights++] = (struct judge_weight){ m->group, m->weight };
        *text = arena_printf(a, "%s%s %s %s", *text, i ? "," : "",
                             seen_name(m->what), judge_labels[d.label]);
    }
    return judge_score(results, s->n, weights, nweights);
}

/* Judge; true if that was the end of it. */
static bool judge_now(struct judging *j, bool last)
{
    static const char *const words[] = { "Pass", "Marginal", "Fail" };
    const struct judge_spec *s = j->spec;
    struct arena *a = arena_new();
    const char *text;
    double score = score_now(j, a, &text);
    enum judge_verdict v = judge_verdict(score, s->pass, s->marginal);
    bool fails = last ? v != JUDGE_VERDICT_PASS : v == JUDGE_VERDICT_FAIL;

    record_note(j->w, "Guard", "Judged", "", j->w->spec->release.workload,
                arena_printf(j->w->arena, "score %.4g, %s:%s%s", score,
                             words[v], text, last ? "; the last" : ""));
    arena_free(a);
    if (fails)
        j->failed(j->ctx);
    return fails || last;
}

/* Is a judgement due?  So many intervals are over. */
static bool is_due(const struct judge_spec *s, sim_time past)
{
    return past >= s->lifetime ||
           past / s->interval > (past - s->sample) / s->interval;
}

static void fire_sample(struct sim *sim, void *subject, int64_t arg)
{
    struct judging *j = subject;
    const struct judge_spec *s = j->spec;
    sim_time past;

    (void)arg;
    take_samples(j);
    past = world_now(j->w) - j->began;
    if (!is_due(s, past) || !judge_now(j, past >= s->lifetime))
        sim_after(sim, s->sample, &ev_sample, j, 0);
}

/* Wait for the release: the first sample ends so long after it. */
static void fire_wait(struct sim *sim, void *subject, int64_t arg)
{
    struct judging *j = subject;

    (void)arg;
    if (!measure_released(j->w)) {
        sim_after(sim, SIM_S, &ev_wait, j, 0);
        return;
    }
    j->began = world_now(j->w) + j->spec->delay;
    sim_after(sim, j->spec->delay + j->spec->sample, &ev_sample, j, 0);
}

void judging_start(struct world *w, const struct judge_spec *spec,
                   void (*failed)(void *ctx), void *ctx)
{
    struct judging *j = arena_make(w->arena, struct judging);

    *j = (struct judging){ .w = w, .spec = spec, .failed = failed,
                           .ctx = ctx };
    j->samples = arena_many(w->arena, struct seen_samples, spec->n);
    monitoring_start(w);
    sim_after(w->sim, w->spec->warmup + w->spec->release.at, &ev_wait, j, 0);
}
