/*
 * placement.c - where a pod may run: typed form and validation of selectors,
 * affinities, tolerations and topology spread constraints.
 *
 * Not modelled: namespaceSelector, matchLabelKeys of affinities,
 * nodeAffinityPolicy and nodeTaintsPolicy, which the shapes report.
 *
 * Source: pkg/apis/core/validation/validation.go, Kubernetes 1.36.
 */
#include "models/podspec.h"

#include <string.h>

#include "base/vec.h"
#include "read.h"

#define REQUIRED "requiredDuringSchedulingIgnoredDuringExecution"
#define PREFERRED "preferredDuringSchedulingIgnoredDuringExecution"

/* ---- typed -------------------------------------------------------------- */

/* A list of requirements as a selector; NULL if there is none. */
static const struct selector *expressions_of(struct arena *a,
                                             const struct at *term,
                                             const char *key)
{
    struct at list = at_field(term, key);
    struct selector *s;
    struct requirement *items;

    if (list.v == NULL)
        return NULL;
    s = arena_make(a, struct selector);
    items = arena_many(a, struct requirement, at_len(&list));
    for (size_t i = 0; i < at_len(&list); i++) {
        struct at item = at_item(&list, i);

        items[i] = requirement_from(a, &item);
    }
    s->items = items;
    s->len = at_len(&list);
    return s;
}

/* Expressions on labels and on fields of one term. */
static struct node_term node_term_of(struct arena *a, const struct at *term,
                                     int weight)
{
    return (struct node_term){ expressions_of(a, term, "matchExpressions"),
                               expressions_of(a, term, "matchFields"),
                               weight };
}

const struct node_term *node_terms_make(struct arena *a,
                                        const struct at *selector, size_t *n)
{
    struct at terms = at_field(selector, "nodeSelectorTerms");
    VEC(struct node_term) all = { 0 };

    for (size_t i = 0; i < at_len(&terms); i++) {
        struct at term = at_item(&terms, i);

        vec_push(a, &all, node_term_of(a, &term, 0));
    }
    *n = all.len;
    return all.items;
}

/* The typed forms of the required and the preferred terms. */
static void node_affinity_make(struct arena *a, const struct at *affinity,
                               struct pod_spec *s)
{
    struct at node = at_field(affinity, "nodeAffinity");
    struct at required = at_field(&node, REQUIRED);
    struct at preferred = at_field(&node, PREFERRED);
    VEC(struct node_term) may = { 0 };

    for (size_t i = 0; i < at_len(&preferred); i++) {
        struct at item = at_item(&preferred, i);
        struct at term = at_field(&item, "preference");
        int weight = (int)get_int(&item, "weight", 0);

        vec_push(a, &may, node_term_of(a, &term, weight));
    }
    s->node_affinity_required = required.v != NULL;
    s->node_terms = node_terms_make(a, &required, &s->nnode_terms);
    s->node_preferred = may.items;
    s->nnode_preferred = may.len;
}

typedef VEC(struct pod_affinity_term) pod_terms;

/* Append one term; weight 0: required. */
static void add_pod_term(struct arena *a, pod_terms *terms,
                         const struct at *at, int weight, bool anti)
{
    struct pod_affinity_term t = { .weight = weight, .anti = anti };

    t.selector = selector_from(a, at_field(at, "labelSelector").v, NULL);
    t.topology_key = get_text(at, "topologyKey", "");
    t.spaces = get_texts(a, at, "namespaces", &t.nspaces);
    vec_push(a, terms, t);
}

/* The required and the preferred terms of one of the two affinities. */
static void add_pod_terms(struct arena *a, pod_terms *terms,
                          const struct at *affinity, const char *key,
                          bool anti)
{
    struct at at = at_field(affinity, key);
    struct at required = at_field(&at, REQUIRED);
    struct at preferred = at_field(&at, PREFERRED);

    for (size_t i = 0; i < at_len(&required); i++) {
        struct at term = at_item(&required, i);

        add_pod_term(a, terms, &term, 0, anti);
    }
    for (size_t i = 0; i < at_len(&preferred); i++) {
        struct at item = at_item(&preferred, i);
        struct at term = at_field(&item, "podAffinityTerm");

        add_pod_term(a, terms, &term, (int)get_int(&item, "weight", 0), anti);
    }
}

/* A negative time of toleration is 0, as on the real server. */
static void tolerations_make(struct arena *a, const struct at *spec,
                             struct pod_spec *s)
{
    struct at list = at_field(spec, "tolerations");
    struct toleration *all = arena_many(a, struct toleration, at_len(&list));

    for (size_t i = 0; i < at_len(&list); i++) {
        struct at item = at_item(&list, i);

        all[i].key = get_text(&item, "key", NULL);
        all[i].exists = strcmp(get_text(&item, "operator", ""),
                               "Exists") == 0;
        all[i].value = get_text(&item, "value", "");
        all[i].effect = get_text(&item, "effect", NULL);
        all[i].seconds = get_int(&item, "tolerationSeconds", -1);
        if (all[i].seconds < -1)
            all[i].seconds = 0;
    }
    s->tolerations = all;
    s->ntolerations = at_len(&list);
}

/* The typed forms of the constraints. */
static void spread_make(struct arena *a, const struct at *spec,
                        struct pod_spec *s)
{
    struct at list = at_field(spec, "topologySpreadConstraints");
    struct topology_spread *all = arena_many(a, struct topology_spread,
                                             at_len(&list));

    for (size_t i = 0; i < at_len(&list); i++) {
        struct at item = at_item(&list, i);

        all[i].max_skew = (int)get_int(&item, "maxSkew", 1);
        all[i].min_domains = (int)get_int(&item, "minDomains", 0);
        all[i].topology_key = get_text(&item, "topologyKey", "");
        all[i].do_not_schedule = strcmp(get_text(&item, "whenUnsatisfiable",
                                                 ""), "DoNotSchedule") == 0;
        all[i].selector = selector_from(a, at_field(&item,
                                                    "labelSelector").v, NULL);
        all[i].match_keys = get_texts(a, &item, "matchLabelKeys",
                                      &all[i].nmatch_keys);
    }
    s->spread = all;
    s->nspread = at_len(&list);
}

void placement_make(struct arena *a, const struct at *spec,
                    struct pod_spec *s)
{
    struct at affinity = at_field(spec, "affinity");
    pod_terms terms = { 0 };

    s->node_selector = labels_from(a, at_field(spec, "nodeSelector").v);
    node_affinity_make(a, &affinity, s);
    add_pod_terms(a, &terms, &affinity, "podAffinity", false);
    add_pod_terms(a, &terms, &affinity, "podAntiAffinity", true);
    s->affinity = terms.items;
    s->naffinity = terms.len;
    tolerations_make(a, spec, s);
    spread_make(a, spec, s);
}

/* ---- validation: affinity ----------------------------------------------- */

/* Gt and Lt compare with exactly one value. */
static void check_node_requirement(struct reader *r, const struct at *at)
{
    static const char *const operators[] = { "In", "NotIn", "Exists",
                                             "DoesNotExist", "Gt", "Lt",
                                             NULL };
    struct at op = at_field(at, "operator"), values = at_field(at, "values");
    struct at key = at_field(at, "key");
    int i = word_index(operators, value_text(op.v, ""));
    size_t n = at_len(&values);

    if (i < 0)
        diag_suggest(r->errors,
                     fault(r, &op, "Invalid", "must be In, NotIn, Exists, "
                           "DoesNotExist, Gt or Lt, got \"%s\"",
                           value_text(op.v, "")),
                     value_text(op.v, ""), operators);
    else if (i < 2 && n == 0)
        fault(r, &values, "Required", "must have a value when the operator "
              "is %s", operators[i]);
    else if (i >= 2 && i < 4 && n > 0)
        fault_forbidden(r, &values, "may not be given when the operator is "
                        "Exists or DoesNotExist");
    else if (i >= 4 && n != 1)
        fault(r, &values, "Required", "must be one value when the operator "
              "is %s", operators[i]);
    check_qualified(r, &key, value_text(key.v, ""));
}

/* Nodes can be selected by one field only: their name. */
static void check_field_requirement(struct reader *r, const struct at *at)
{
    struct at op = at_field(at, "operator"), values = at_field(at, "values");
    struct at key = at_field(at, "key");
    const char *word = value_text(op.v, "");

    if (strcmp(word, "In") != 0 && strcmp(word, "NotIn") != 0)
        fault(r, &op, "Invalid", "must be In or NotIn, got \"%s\"", word);
    else if (at_len(&values) != 1)
        fault(r, &values, "Required", "must be exactly one value");
    if (strcmp(value_text(key.v, ""), "metadata.name") != 0)
        fault(r, &key, "Invalid", "must be metadata.name, got \"%s\"",
              value_text(key.v, ""));
}

static void check_node_term(struct reader *r, const struct at *term)
{
    struct at labels = at_field(term, "matchExpressions");
    struct at fields = at_field(term, "matchFields");

    for (size_t i = 0; i < at_len(&labels); i++) {
        struct at item = at_item(&labels, i);

        check_node_requirement(r, &item);
    }
    for (size_t i = 0; i < at_len(&fields); i++) {
        struct at item = at_item(&fields, i);

        check_field_requirement(r, &item);
    }
}

/* Weights of preferred terms. */
static void check_weight(struct reader *r, const struct at *item)
{
    struct at at = at_field(item, "weight");
    int64_t weight = at_int(&at, 0);

    if (weight < 1 || weight > 100)
        fault(r, &at, "Invalid", "must be between 1 and 100, got %lld",
              (long long)weight);
}

/* Required terms must not be an empty list. */
void check_node_terms(struct reader *r, const struct at *selector)
{
    struct at terms = at_field(selector, "nodeSelectorTerms");

    if (selector->v && at_len(&terms) == 0)
        fault_required(r, &terms);
    for (size_t i = 0; i < at_len(&terms); i++) {
        struct at item = at_item(&terms, i);

        check_node_term(r, &item);
    }
}

static void check_node_affinity(struct reader *r, const struct at *affinity)
{
    struct at node = at_field(affinity, "nodeAffinity");
    struct at required = at_field(&node, REQUIRED);
    struct at preferred = at_field(&node, PREFERRED);

    check_node_terms(r, &required);
    for (size_t i = 0; i < at_len(&preferred); i++) {
        struct at item = at_item(&preferred, i);
        struct at term = at_field(&item, "preference");

        check_weight(r, &item);
        check_node_term(r, &term);
    }
}

/* A term needs a topology key; its selector may be absent. */
static void check_pod_term(struct reader *r, const struct at *term)
{
    struct at selector = at_field(term, "labelSelector");
    struct at spaces = at_field(term, "namespaces");
    struct at key = at_field(term, "topologyKey");

    check_selector(r, &selector);
    for (size_t i = 0; i < at_len(&spaces); i++) {
        struct at item = at_item(&spaces, i);

        check_name(r, &item, NAME_LABEL, false);
    }
    if (key.v == NULL)
        fault_required(r, &key);
    check_qualified(r, &key, value_text(key.v, ""));
}

static void check_pod_affinity(struct reader *r, const struct at *affinity,
                               const char *key)
{
    struct at at = at_field(affinity, key);
    struct at required = at_field(&at, REQUIRED);
    struct at preferred = at_field(&at, PREFERRED);

    for (size_t i = 0; i < at_len(&required); i++) {
        struct at term = at_item(&required, i);

        check_pod_term(r, &term);
    }
    for (size_t i = 0; i < at_len(&preferred); i++) {
        struct at item = at_item(&preferred, i);
        struct at term = at_field(&item, "podAffinityTerm");

        check_weight(r, &item);
        check_pod_term(r, &term);
    }
}

void check_affinity(struct reader *r, const struct at *spec)
{
    struct at affinity = at_field(spec, "affinity");

    check_node_affinity(r, &affinity);
    check_pod_affinity(r, &affinity, "podAffinity");
    check_pod_affinity(r, &affinity, "podAntiAffinity");
}

/* ---- validation: tolerations, spread ------------------------------------ */

static void check_toleration_operator(struct reader *r, const struct at *at)
{
    static const char *const operators[] = { "Equal", "Exists", NULL };
    struct at op = at_field(at, "operator");
    const char *word = get_text(at, "operator", "Equal");
    const char *value = get_text(at, "value", "");

    if (strcmp(word, "Equal") == 0)
        check_label_value(r, &op, value);
    else if (strcmp(word, "Exists") != 0)
        fault_unsupported(r, &op, operators);
    else if (*value)
        fault(r, &op, "Invalid", "must not be Exists when there is a value");
}

/* No key means all keys, and then only Exists makes sense; only NoExecute
 * has a time. */
static void check_toleration(struct reader *r, const struct at *at)
{
    static const char *const effects[] = { "NoSchedule", "PreferNoSchedule",
                                           "NoExecute", NULL };
    struct at key = at_field(at, "key"), op = at_field(at, "operator");
    struct at effect = at_field(at, "effect");

    if (key.v)
        check_qualified(r, &key, value_text(key.v, ""));
    else if (strcmp(value_text(op.v, ""), "Exists") != 0)
        diag_help(r->errors,
                  fault(r, &op, "Invalid", "must be Exists when there is no "
                        "key, which means all keys"), "operator: Exists");
    if (at_field(at, "tolerationSeconds").v
        && strcmp(value_text(effect.v, ""), "NoExecute") != 0)
        fault(r, &effect, "Invalid", "must be NoExecute when "
              "tolerationSeconds is given");
    check_toleration_operator(r, at);
    check_word(r, at, "effect", effects, 0);
}

void check_tolerations(struct reader *r, const struct at *spec)
{
    struct at list = at_field(spec, "tolerations");

    for (size_t i = 0; i < at_len(&list); i++) {
        struct at item = at_item(&list, i);

        check_toleration(r, &item);
    }
}

/* Keys of labels that the selector does not name by itself. */
static void check_match_keys(struct reader *r, const struct at *at)
{
    struct at keys = at_field(at, "matchLabelKeys");
    struct at selector = at_field(at, "labelSelector");
    struct at labels = at_field(&selector, "matchLabels");

    if (keys.v && selector.v == NULL) {
        fault_forbidden(r, &keys, "may not be given without a labelSelector");
        return;
    }
    for (size_t i = 0; i < at_len(&keys); i++) {
        struct at item = at_item(&keys, i);
        const char *key = value_text(item.v, "");

        check_qualified(r, &item, key);
        if (labels.v && value_get(labels.v, key))
            fault(r, &item, "Invalid", "is in the labelSelector too");
    }
}

/* minDomains means something only if the constraint must hold. */
static void check_spread_item(struct reader *r, const struct at *at)
{
    static const char *const words[] = { "DoNotSchedule", "ScheduleAnyway",
                                         NULL };
    struct at skew = at_field(at, "maxSkew"), key = at_field(at,
                                                             "topologyKey");
    struct at when = at_field(at, "whenUnsatisfiable");
    struct at domains = at_field(at, "minDomains");
    struct at selector = at_field(at, "labelSelector");

    if (at_int(&skew, 0) <= 0)
        fault(r, &skew, "Invalid", "must be at least 1");
    if (key.v == NULL)
        fault_required(r, &key);
    else
        check_qualified(r, &key, value_text(key.v, ""));
    if (word_index(words, value_text(when.v, "")) < 0)
        fault_unsupported(r, &when, words);
    if (domains.v && at_int(&domains, 1) <= 0)
        fault(r, &domains, "Invalid", "must be at least 1");
    if (domains.v && strcmp(value_text(when.v, ""), words[0]) != 0)
        fault(r, &domains, "Invalid", "can only be given when "
              "whenUnsatisfiable is DoNotSchedule");
    check_selector(r, &selector);
    check_match_keys(r, at);
}

void check_spread(struct reader *r, const struct at *spec)
{
    struct at list = at_field(spec, "topologySpreadConstraints");

    for (size_t i = 0; i < at_len(&list); i++) {
        struct at item = at_item(&list, i);
        bool twice = false;

        check_spread_item(r, &item);
        for (size_t k = 0; k < i && !twice; k++) {
            struct at other = at_item(&list, k);

            twice = strcmp(get_text(&other, "topologyKey", ""),
                           get_text(&item, "topologyKey", "")) == 0
                && strcmp(get_text(&other, "whenUnsatisfiable", ""),
                          get_text(&item, "whenUnsatisfiable", "")) == 0;
        }
        if (twice)
            fault(r, &(struct at){ .up = &item, .key =
                  "{topologyKey, whenUnsatisfiable}" }, "Duplicate",
                  "is given twice");
    }
}
