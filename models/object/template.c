/*
 * template.c - pod templates: identity, hash, and the checks of those who
 * own them.
 *
 * Two templates are equal if their stored forms are, the label
 * pod-template-hash left out.  The hash that names a ReplicaSet is FNV-1a of
 * the canonical text of the template and, if given, of the collision count in
 * 8 bytes; the digits of the sum are mapped into an alphabet without vowels.
 *
 * Differs from Kubernetes: it hashes a dump of Go structs, so the letters
 * differ; what is equal and what is not is the same.
 *
 * Source: pkg/controller/controller_utils.go ComputeHash, apimachinery
 * pkg/util/rand SafeEncodeString (reference 1.5).
 */
#include "models/podspec.h"

#include <stdio.h>
#include <string.h>

#include "read.h"

#define HASH_LABEL "pod-template-hash"

/* raw without the label of the ReplicaSet; without labels if it was the only
 * one. */
static const struct value *without_hash(struct arena *a,
                                        const struct value *raw)
{
    const struct value *labels = value_at(raw, "metadata.labels");

    if (labels == NULL || value_get(labels, HASH_LABEL) == NULL)
        return raw;
    return value_set(a, raw, labels->len == 1 ? "metadata.labels"
                     : "metadata.labels.\"" HASH_LABEL "\"", NULL);
}

/* Equal stored forms have equal numbers. */
static uint64_t identity_of(struct arena *a, const struct value *raw)
{
    struct buf text = { 0 };
    uint64_t hash;

    value_canonical(&text, without_hash(a, raw));
    hash = fnv64(FNV_START, text.text, text.len);
    buf_free(&text);
    return hash;
}

/* Of the images in their order, init containers first. */
static uint64_t revision_key(const struct pod_spec *s)
{
    uint64_t hash = FNV_START;

    for (size_t i = 0; i < s->ninit; i++)
        hash = fnv64(hash, s->init[i].image, strlen(s->init[i].image) + 1);
    for (size_t i = 0; i < s->ncontainers; i++)
        hash = fnv64(hash, s->containers[i].image,
                     strlen(s->containers[i].image) + 1);
    return hash;
}

const struct pod_template *template_make(struct arena *a,
                                         const struct value *stored)
{
    struct pod_template *t = arena_make(a, struct pod_template);
    struct at root = at_root(stored, ""), meta = at_field(&root, "metadata");
    struct at spec = at_field(&root, "spec");

    t->labels = labels_from(a, at_field(&meta, "labels").v);
    t->annotations = labels_from(a, at_field(&meta, "annotations").v);
    t->spec = pod_spec_make(a, &spec);
    t->raw = stored;
    t->identity = identity_of(a, stored);
    t->revision_key = revision_key(t->spec);
    return t;
}

const struct pod_template *pod_template_from(struct arena *a,
                                             const struct value *v,
                                             const char *path,
                                             struct err_list *errors)
{
    struct reader r = reader_of(a, errors);
    struct at root = at_root(v, path);

    root.v = shape_read(&r, &root, &shape_template);
    check_template(&r, &root, NULL);
    return template_make(a, root.v);
}

const char *pod_template_hash(struct arena *a, const struct pod_template *t,
                              int collisions)
{
    static const char alphabet[] = "bcdfghjklmnpqrstvwxz2456789";
    struct buf text = { 0 };
    unsigned char count[8] = { 0 };
    uint32_t hash;
    char digits[16];

    value_canonical(&text, without_hash(a, t->raw));
    hash = fnv32(FNV32_START, text.text, text.len);
    buf_free(&text);
    for (int i = 0; i < 4; i++)
        count[i] = (unsigned char)((unsigned)collisions >> (8 * i));
    if (collisions > 0)
        hash = fnv32(hash, count, sizeof count);
    snprintf(digits, sizeof digits, "%lu", (unsigned long)hash);
    for (char *c = digits; *c; c++)
        *c = alphabet[(unsigned char)*c % 27];
    return arena_strdup(a, digits);
}

const struct pod_template *pod_template_with_label(
    struct arena *a, const struct pod_template *t, const char *key,
    const char *value)
{
    struct pod_template *copy = arena_memdup(a, t, sizeof *t);

    copy->labels = labels_with(a, t->labels, key, value);
    copy->raw = value_set(a, t->raw,
                          arena_printf(a, "metadata.labels.\"%s\"", key),
                          value_string(a, value, NULL));
    return copy;
}

/* ---- validation --------------------------------------------------------- */

/* pod-deletion-cost, if given, is a 32-bit integer. */
static void check_deletion_cost(struct reader *r, const struct at *annotations)
{
    static const char key[] = "controller.kubernetes.io/pod-deletion-cost";

    for (size_t i = 0; i < at_len(annotations); i++) {
        struct at entry = at_entry(annotations, i);
        int64_t n;

        if (strcmp(entry.key, key) == 0
            && (!parse_int(value_text(entry.v, ""), &n, NULL)
                || n > INT32_MAX || n < INT32_MIN))
            fault(r, &entry, "Invalid", "must be an integer of 32 bits");
    }
}

void check_template(struct reader *r, const struct at *template,
                    const struct at *claims)
{
    struct at meta = at_field(template, "metadata");
    struct at labels = at_field(&meta, "labels");
    struct at annotations = at_field(&meta, "annotations");
    struct at spec = at_field(template, "spec");
    struct at ephemeral = at_field(&spec, "ephemeralContainers");

    /* The API server leaves "metadata" out of these paths. */
    labels.up = annotations.up = template;
    check_labels(r, &labels);
    check_annotations(r, &annotations);
    check_deletion_cost(r, &annotations);
    check_pod_spec(r, &spec, claims);
    if (at_len(&ephemeral) > 0)
        fault_forbidden(r, &ephemeral, "may not be given in a pod template");
}

/* Report that the selector misses the labels, and which label is at fault. */
static void fault_labels(struct reader *r, const struct at *selector,
                         const struct at *labels)
{
    struct at wanted = at_field(selector, "matchLabels");
    struct diag *d = fault(r, labels, "Invalid", selector->v
                           ? "of the template do not match the selector"
                           : "of the template cannot match a selector that "
                             "is missing");

    if (selector->v && selector->v->mark.line > 0)
        diag_note(r->errors, d, &selector->v->mark,
                  "the selector is given here");
    for (size_t i = 0; i < at_len(&wanted); i++) {
        const struct member *m = &wanted.v->u.members[i];
        const char *value = value_text(m->value, "");
        const struct value *have = labels->v ? value_get(labels->v, m->key)
                                             : NULL;

        if (have == NULL || strcmp(value_text(have, ""), value) != 0) {
            diag_help(r->errors, d, "give the template the label %s: %s",
                      m->key, value);
            return;
        }
    }
}

void check_template_labels(struct reader *r, const struct at *selector,
                           const struct at *template)
{
    struct at meta = at_field(template, "metadata");
    struct at labels = at_field(&meta, "labels");
    struct err_list own;
    const struct selector *s;

    err_init(&own, r->arena);
    s = selector_from(r->arena, selector->v, &own);
    if (own.errors)
        fault(r, selector, "Invalid", "is no label selector");
    else if (!selector_match(s, labels_from(r->arena, labels.v)))
        fault_labels(r, selector, &labels);
}

void check_selector_required(struct reader *r, const struct at *selector,
                             const char *who)
{
    struct at labels = at_field(selector, "matchLabels");
    struct at expressions = at_field(selector, "matchExpressions");

    if (selector->v == NULL) {
        diag_help(r->errors, fault_required(r, selector),
                  "for example selector: {matchLabels: {app: web}}");
        return;
    }
    check_selector(r, selector);
    if (at_len(&labels) + at_len(&expressions) == 0)
        fault(r, selector, "Invalid", "of a %s must not be empty", who);
}

void check_lives_for_ever(struct reader *r, const struct at *template,
                          const char *who)
{
    static const char *const always[] = { "Always", NULL };
    struct at spec = at_field(template, "spec");
    struct at restart = at_field(&spec, "restartPolicy");
    struct at deadline = at_field(&spec, "activeDeadlineSeconds");

    if (strcmp(value_text(restart.v, ""), "Always") != 0)
        fault_unsupported(r, &restart, always);
    if (deadline.v)
        fault(r, &deadline, "Forbidden", "may not be given in a %s", who);
}
