/*
 * argo_experiment.c - an experiment step of a canary.
 *
 * An experiment runs pods of the stable and of the new version beside those of
 * the Rollout, a ReplicaSet for each of its templates, in sets of their own
 * that no step touches.  When all pods of all templates are available its time
 * begins, and so do its analyses.  It succeeds when `duration` is over, or when
 * the analyses that are requiredForCompletion have succeeded (those must, also
 * when the time is over); it fails with an analysis, or with a template that
 * makes no progress for progressDeadlineSeconds: the update is aborted.  An
 * inconclusive analysis pauses it for a person.  When it is over, or the update
 * is, its pods stay for 30 s.
 *
 * Its pods have a hash of their own: only a Service that does not select one
 * sends them requests.
 * Not modelled: Experiments as objects of their own, weights and Services of
 * templates.  AnalysisRuns are those of argo_analysis.c.
 * Source: argo-rollouts experiments/experiment.go, replicaset.go and
 * rollout/experiment.go; reference on progressive delivery 1.14.
 */
#include "argo_impl.h"

#include <string.h>

#define EXPERIMENT "experiment.argoproj.io/name"
#define DELAY (30 * SIM_S)      /* scaleDownDelaySeconds of an experiment */

bool argo_is_experiment(const struct replicaset *set)
{
    return labels_get(set->meta.annotations, EXPERIMENT) != NULL;
}

/* ---- the sets ----------------------------------------------------------- */

static const char *set_name(const struct argo_pass *k,
                            const struct argo_trial *x, size_t i)
{
    return arena_printf(k->v->keep, "%s-%s", x->name,
                        x->spec->templates[i].name);
}

/* The set of a template; NULL: not there yet. */
static const struct replicaset *set_of(const struct argo_pass *k,
                                       const struct argo_trial *x, size_t i)
{
    const char *name = set_name(k, x, i);

    for (size_t j = k->nsets; j < k->nall; j++)
        if (strcmp(k->sets[j].seen->meta.name, name) == 0)
            return k->sets[j].seen;
    return NULL;
}

/* With no pods; they come when it has been seen. */
static void create(struct argo_pass *k, const struct argo_trial *x, size_t i)
{
    const struct argo_template *t = &x->spec->templates[i];
    const struct replicaset *from = t->canary ? k->new_ : k->stable;
    struct arena *keep = k->v->keep;
    const char *hash = pod_template_hash(keep, from->template, (int)i + 1);
    struct replicaset *set = arena_make(k->v->scratch, struct replicaset);

    set->meta.kind = KIND_REPLICASET;
    set->meta.space = k->r->meta.space;
    set->meta.name = set_name(k, x, i);
    set->meta.owner = k->r->meta.uid;
    set->meta.deleted = SIM_NEVER;
    set->meta.annotations = labels_with(keep, NULL, EXPERIMENT, x->name);
    set->template = pod_template_with_label(keep, from->template, ARGO_HASH,
                                            hash);
    set->selector = selector_with(keep, k->r->selector, ARGO_HASH, hash);
    for (size_t j = 0; t->labels && j < t->labels->len; j++) {
        const struct label *l = &t->labels->items[j];

        set->template = pod_template_with_label(keep, set->template, l->key,
                                                l->value);
        set->selector = selector_with(keep, set->selector, l->key, l->value);
    }
    set->meta.labels = set->template->labels;
    set->min_ready_s = from->min_ready_s;
    set->max = -1;
    argo_put(k, (struct argo_write){ .verb = ARGO_CREATE, .set = set });
}

/* Sets of experiments that are over: their pods stay for a while. */
void argo_retire_experiments(struct argo_pass *k, bool running)
{
    for (size_t i = k->nsets; i < k->nall; i++) {
        const struct replicaset *set = k->sets[i].seen;
        const char *of = labels_get(set->meta.annotations, EXPERIMENT);
        sim_time deadline = argo_deadline(set);

        if (set->replicas == 0 ||
            (running && strcmp(of, k->v->trial->name) == 0))
            continue;
        if (deadline == SIM_NEVER) {
            argo_set_deadline(k, set, k->v->now + DELAY);
        } else if (deadline <= k->v->now) {
            argo_resize(k, set, 0);
            argo_set_deadline(k, set, SIM_NEVER);
        } else {
            argo_wake(k, deadline);
        }
    }
}

/* ---- templates ---------------------------------------------------------- */

/* Is the time of the experiment over? */
static bool is_time_over(struct argo_pass *k, const struct argo_trial *x)
{
    if (x->available == SIM_NEVER || x->spec->duration == SIM_NEVER)
        return false;
    if (k->v->now >= x->available + x->spec->duration)
        return true;
    argo_wake(k, x->available + x->spec->duration);
    return false;
}

/* Count a set; has a count changed? */
static bool moves(struct argo_trial_template *t, const struct replicaset *set)
{
    const int counts[3] = { set->status_replicas, set->ready,
                            set->available };
    bool moved = memcmp(counts, t->counts, sizeof(counts)) != 0;

    memcpy(t->counts, counts, sizeof(counts));
    return moved;
}

static void judge_template(struct argo_pass *k, struct argo_trial *x,
                           size_t i, bool all_there)
{
    struct argo_trial_template *t = &x->templates[i];
    sim_time deadline = t->moved + k->r->progress_deadline_s * SIM_S;

    if (all_there) {
        t->status = is_time_over(k, x) ? TEMPLATE_SUCCESSFUL
                                       : TEMPLATE_RUNNING;
    } else if (k->v->now > deadline) {
        t->status = TEMPLATE_FAILED;
        x->message = arena_printf(
            k->v->keep, "Template '%s' exceeded its progressDeadlineSeconds "
            "(%d)", x->spec->templates[i].name, k->r->progress_deadline_s);
    } else {
        t->status = TEMPLATE_PROGRESSING;
        argo_wake(k, deadline + 1);
    }
}

static void look_at_template(struct argo_pass *k, struct argo_trial *x,
                             size_t i)
{
    struct argo_trial_template *t = &x->templates[i];
    const struct replicaset *set = set_of(k, x, i);
    int want = template_replicas(x->spec->templates[i].replicas, x->phase,
                                 t->status);

    if (!set) {
        create(k, x, i);
        t->status = TEMPLATE_PROGRESSING;
        t->moved = k->v->now;
        return;
    }
    if (set->replicas != want && want > 0)
        argo_resize(k, set, want);
    if (moves(t, set) || (set->replicas != want && want > 0))
        t->moved = k->v->now;
    if (t->status != TEMPLATE_SUCCESSFUL && t->status != TEMPLATE_FAILED)
        judge_template(k, x, i, want == set->available);
}

static enum template_phase worst_template(const struct argo_trial *x)
{
    enum template_phase worst = TEMPLATE_SUCCESSFUL;

    for (size_t i = 0; i < x->spec->ntemplates; i++)
        if (template_worse(worst, x->templates[i].status))
            worst = x->templates[i].status;
    return worst;
}

/* ---- analyses ----------------------------------------------------------- */

static const enum analysis_phase phase_of[] = {
    [VERDICT_RUNNING] = ANALYSIS_RUNNING,
    [VERDICT_SUCCESSFUL] = ANALYSIS_SUCCESSFUL,
    [VERDICT_FAILED] = ANALYSIS_FAILED,
    [VERDICT_INCONCLUSIVE] = ANALYSIS_INCONCLUSIVE,
};

struct assessment {
    enum analysis_phase worst;
    const char *message;
    bool required, passed;      /* some are required; these have succeeded */
};

/* Begun when all pods are there. */
static struct assessment look_at_analyses(struct argo_pass *k,
                                          const struct argo_trial *x)
{
    struct assessment s = { .worst = ANALYSIS_SUCCESSFUL, .passed = true };

    for (size_t i = 0; i < x->spec->nanalyses; i++) {
        const struct argo_experiment_analysis *a = &x->spec->analyses[i];
        const char *why = NULL;
        enum analysis_phase phase = ANALYSIS_RUNNING;

        if (x->available != SIM_NEVER)
            phase = phase_of[k->v->analysed(k->v->ctx, RUN_EXPERIMENT,
                                            (unsigned)i, a->block, &why)];
        if (analysis_worse(s.worst, phase)) {
            s.worst = phase;
            s.message = why;
        }
        s.required |= a->required;
        s.passed &= !a->required || phase == ANALYSIS_SUCCESSFUL;
    }
    s.passed &= s.required;
    return s;
}

/* ---- the whole ---------------------------------------------------------- */

static bool is_bad(enum analysis_phase phase)
{
    return analysis_completed(phase) && phase != ANALYSIS_SUCCESSFUL;
}

static enum analysis_phase assess(struct argo_trial *x,
                                  const struct assessment *s)
{
    enum template_phase worst = worst_template(x);

    if (worst >= TEMPLATE_ERROR)
        return ANALYSIS_FAILED;
    if (is_bad(s->worst)) {
        x->message = s->message;
        return s->worst;
    }
    if (s->passed)
        return ANALYSIS_SUCCESSFUL;
    if (worst == TEMPLATE_SUCCESSFUL)
        return s->required ? s->worst : ANALYSIS_SUCCESSFUL;
    return worst == TEMPLATE_PROGRESSING ? ANALYSIS_PENDING
                                         : ANALYSIS_RUNNING;
}

static void tell(struct argo_pass *k, const struct argo_trial *x)
{
    argo_tell(k, "Strategy", "Experiment", "Experiment '%s': %s%s%s", x->name,
              analysis_phase_names[x->phase], x->message ? ": " : "",
              x->message ? x->message : "");
}

static void pass(struct argo_pass *k, struct argo_trial *x)
{
    enum analysis_phase before = x->phase;
    struct assessment s;

    for (size_t i = 0; i < x->spec->ntemplates; i++)
        look_at_template(k, x, i);
    if (x->available == SIM_NEVER &&
        worst_template(x) <= TEMPLATE_RUNNING) {
        x->available = k->v->now;
        is_time_over(k, x);     /* look again when it is */
    }
    s = look_at_analyses(k, x);
    x->phase = assess(x, &s);
    if (x->phase != before)
        tell(k, x);
}

enum argo_verdict argo_experiment(struct argo_pass *k, const char **why)
{
    struct argo_trial *x = k->v->trial;

    if (!x)
        return VERDICT_RUNNING;
    if (!analysis_completed(x->phase))
        pass(k, x);
    *why = x->message;
    return argo_verdict(x->phase);
}

/* ---- which one runs ----------------------------------------------------- */

static bool is_of(const struct argo_trial *x, const struct argo *r)
{
    return x->rollout == r->meta.uid && argo_same(x->hash, r->current) &&
           x->step == r->step && x->revision == r->revision;
}

static struct argo_trial *begin(struct argo_trials *all, struct arena *keep,
                                const struct argo *r,
                                const struct argo_experiment *spec,
                                int earlier)
{
    struct argo_trial *x = arena_make(keep, struct argo_trial);

    x->rollout = r->meta.uid;
    x->hash = r->current;
    x->step = r->step;
    x->revision = r->revision;
    x->spec = spec;
    x->name = arena_printf(keep, "%s-%s-%lld-%d", r->meta.name, r->current,
                           (long long)r->revision, r->step);
    if (earlier > 0)
        x->name = arena_printf(keep, "%s-%d", x->name, earlier);
    x->available = SIM_NEVER;
    x->templates = arena_many(keep, struct argo_trial_template,
                              spec->ntemplates);
    vec_push(keep, all, x);
    return x;
}

struct argo_trial *argo_trial_of(struct argo_trials *all, struct arena *keep,
                                 const struct argo *r)
{
    const struct argo_step *step = argo_current_step(r);
    int earlier = 0;

    if (!step || !step->experiment || !r->stable || r->aborted ||
        r->promote_full || argo_same(r->stable, r->current))
        return NULL;
    for (size_t i = 0; i < all->len; i++) {
        struct argo_trial *x = all->items[i];

        if (is_of(x, r) && !x->over)
            return x;
        earlier += is_of(x, r);
    }
    return begin(all, keep, r, step->experiment, earlier);
}

void argo_trials_prune(struct argo_trials *all, object_uid rollout,
                       const struct argo *r)
{
    for (size_t i = 0; i < all->len; i++)
        if (all->items[i]->rollout == rollout &&
            (!r || r->aborted || r->promote_full))
            all->items[i]->over = true;
}
