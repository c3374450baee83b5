/*
 * argo_analysis.c - the analysis runs of Rollouts.
 *
 * A run begins in the pass that first asks for it, and the Rollout is looked
 * at again when its phase changes.  Which run it is: of the step, in the
 * background, before or after the switch; of which template and step.  Runs
 * end with the update, an abort, a promotion in full; a retry makes new ones.
 *
 * An inconclusive run pauses the Rollout once; when a person has ended that
 * pause, it counts as passed (in the background: as going on).
 * Source: argo-rollouts rollout/analysis.go at 9f8d111d; reference on
 * progressive delivery 1.13.
 */
#include "argo_impl.h"

#include <string.h>

#include "models/controller.h"
#include "models/record.h"
#include "models/traffic.h"
#include "models/world.h"

struct argo_analysis {
    struct argo_analyses *all;
    object_uid rollout;
    const char *space, *name;   /* of the Rollout */
    enum argo_run which;
    int step;
    unsigned index;             /* among those of an experiment */
    const char *hash;           /* of the new set */
    struct analysis_run *run;   /* NULL: could not be made */
    const char *message;        /* why not */
    bool told;                  /* that it is inconclusive */
};

static const char *const run_names[] = { "Step", "Background", "Pre-promotion",
                                         "Post-promotion", "Experiment" };

static void ignore(void *ctx, const struct meta *before,
                   const struct meta *after)
{
    (void)ctx;                  /* a run keeps the template as it was */
    (void)before;
    (void)after;
}

static const struct informer_ops argo_watch_templates = {
    .name = "argo.templates", .latency = TIMING_WATCH_CONTROLLER,
    .handle = ignore,
};

void argo_analyses_init(struct argo_analyses *all, struct controller *c)
{
    *all = (struct argo_analyses){ .c = c };
    all->templates = informer_new(c->w, KIND_ANALYSISTEMPLATE,
                                  &argo_watch_templates, all);
    all->cluster_templates = informer_new(c->w, KIND_CLUSTERANALYSISTEMPLATE,
                                          &argo_watch_templates, all);
    if (c->w->spec->nsources > 0)
        monitoring_start(c->w);
}

/* ---- beginning ------------------------------------------------------------------ */

static void note(const struct argo_analysis *x, const char *text)
{
    struct world *w = x->all->c->w;

    record_note(w, "Strategy", "AnalysisRun", x->space,
                arena_printf(w->arena, "rollout/%s", x->name), text);
}

static void changed(void *ctx, struct analysis_run *run)
{
    struct argo_analysis *x = ctx;
    const char *why = analysis_run_message(run);

    note(x, arena_printf(x->all->c->w->arena, "%s Analysis Run: %s%s%s",
                         run_names[x->which],
                         analysis_phase_names[analysis_run_phase(run)],
                         why ? ": " : "", why ? why : ""));
    controller_enqueue(x->all->c, x->rollout);
}

struct search {
    const struct argo_analyses *all;
    const char *space;
};

static const struct value *find_template(void *ctx, bool cluster,
                                         const char *name)
{
    const struct search *s = ctx;
    const struct meta *m = cluster
        ? informer_find(s->all->cluster_templates, "", name)
        : informer_find(s->all->templates, s->space, name);

    return m ? analysis_template_seen(m)->raw : NULL;
}

static const struct version *version_of(struct world *w,
                                        const struct argo_view *v,
                                        const char *hash)
{
    for (size_t i = 0; i < v->nsets; i++)
        if (argo_same(argo_hash_of(v->sets[i]), hash))
            return traffic_version(w, v->sets[i]->template);
    return NULL;
}

static void begin(struct argo_analysis *x, const struct argo_view *v,
                  const struct value *block)
{
    struct world *w = x->all->c->w;
    struct search search = { x->all, x->space };
    const struct analysis_shelf shelf = { find_template, &search,
                                          w->spec->sources,
                                          w->spec->nsources };
    struct analysis_plan *plan = arena_make(w->arena, struct analysis_plan);
    const struct version *const versions[3] = {
        [SEEN_OF_NEW] = version_of(w, v, v->seen->current),
        [SEEN_OF_OLD] = version_of(w, v, v->seen->stable),
    };
    struct err_list errors;

    err_init(&errors, w->arena);
    if (!analysis_build(w->arena, block, &shelf, &errors, plan)) {
        x->message = errors.items[0].text;
        note(x, arena_printf(w->arena, "%s Analysis Run: Error: %s",
                             run_names[x->which], x->message));
        return;
    }
    note(x, arena_printf(w->arena, "%s Analysis Run: started",
                         run_names[x->which]));
    x->run = analysis_start(w, plan, versions, changed, x);
}

/* ---- asking ------------------------------------------------------------------------ */

static bool is_of_step(enum argo_run which)
{
    return which == RUN_STEP || which == RUN_EXPERIMENT;
}

static struct argo_analysis *find_run(struct argo_analyses *all,
                                      const struct argo *r,
                                      enum argo_run which, unsigned index)
{
    for (size_t i = 0; i < all->runs.len; i++) {
        struct argo_analysis *x = all->runs.items[i];

        if (x->rollout == r->meta.uid && x->which == which &&
            x->index == index && argo_same(x->hash, r->current) &&
            (!is_of_step(which) || x->step == r->step))
            return x;
    }
    return NULL;
}

static struct argo_analysis *add_run(struct argo_analyses *all,
                                     const struct argo_view *v,
                                     enum argo_run which, unsigned index,
                                     const struct value *block)
{
    const struct argo *r = v->seen;
    struct argo_analysis *x = arena_make(all->c->w->arena,
                                         struct argo_analysis);

    x->all = all;
    x->rollout = r->meta.uid;
    x->space = r->meta.space;
    x->name = r->meta.name;
    x->which = which;
    x->step = r->step;
    x->index = index;
    x->hash = r->current;
    vec_push(all->c->w->arena, &all->runs, x);
    begin(x, v, block);
    return x;
}

enum argo_verdict argo_verdict(enum analysis_phase phase)
{
    if (!analysis_completed(phase))
        return VERDICT_RUNNING;
    return phase == ANALYSIS_SUCCESSFUL     ? VERDICT_SUCCESSFUL
           : phase == ANALYSIS_INCONCLUSIVE ? VERDICT_INCONCLUSIVE
                                            : VERDICT_FAILED;
}

/* Inconclusive, and perhaps a person has gone on since. */
static enum argo_verdict inconclusive(struct argo_analysis *x,
                                      const struct argo *r)
{
    if (x->which != RUN_EXPERIMENT && x->told &&
        !(r->pauses & PAUSE_INCONCLUSIVE_ANALYSIS))
        return x->which == RUN_BACKGROUND ? VERDICT_RUNNING
                                          : VERDICT_SUCCESSFUL;
    x->told = true;
    return VERDICT_INCONCLUSIVE;
}

enum argo_verdict argo_analysed(struct argo_analyses *all,
                                const struct argo_view *v,
                                enum argo_run which, unsigned index,
                                const struct value *block,
                                const char **message)
{
    struct argo_analysis *x = find_run(all, v->seen, which, index);
    enum argo_verdict verdict;

    if (!x)
        x = add_run(all, v, which, index, block);
    *message = x->run ? analysis_run_message(x->run) : x->message;
    if (!x->run)
        return VERDICT_FAILED;
    verdict = argo_verdict(analysis_run_phase(x->run));
    return verdict == VERDICT_INCONCLUSIVE ? inconclusive(x, v->seen)
                                           : verdict;
}

/* Is this run of no more use, r being as after the pass? */
static bool is_over(const struct argo_analysis *x, const struct argo *r)
{
    return r->aborted || r->promote_full || r->fast ||
           argo_same(r->stable, r->current) || !argo_same(x->hash, r->current)
           || (is_of_step(x->which) && x->step != r->step);
}

void argo_analyses_prune(struct argo_analyses *all, object_uid rollout,
                         const struct argo *r)
{
    size_t n = 0;

    for (size_t i = 0; i < all->runs.len; i++) {
        struct argo_analysis *x = all->runs.items[i];

        if (x->rollout == rollout && (!r || is_over(x, r))) {
            if (x->run)
                analysis_stop(x->run);
            continue;
        }
        all->runs.items[n++] = x;
    }
    all->runs.len = n;
}

/* ---- before the run of the scenario ---------------------------------------------------- */

void argo_check_analyses(struct arena *a, const struct argo *r,
                         const struct analysis_shelf *shelf,
                         struct err_list *errors)
{
    const struct value *blocks[3] = { r->analysis, r->pre_analysis,
                                      r->post_analysis };
    struct analysis_plan plan;

    for (size_t i = 0; i < 3; i++)
        if (blocks[i])
            analysis_build(a, blocks[i], shelf, errors, &plan);
    for (size_t i = 0; i < r->nsteps; i++) {
        const struct argo_experiment *x = r->steps[i].experiment;

        if (r->steps[i].analysis)
            analysis_build(a, r->steps[i].analysis, shelf, errors, &plan);
        for (size_t j = 0; x && j < x->nanalyses; j++)
            analysis_build(a, x->analyses[j].block, shelf, errors, &plan);
    }
}
