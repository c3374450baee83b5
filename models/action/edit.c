/*
 * edit.c - how a command changes an object, and what it says about it.
 *
 * kubectl sends a PATCH, which the server lays over the newest version at the
 * instant it commits: so a command never meets a conflict, and never undoes
 * what a controller wrote meanwhile.  Here the command reads and writes the
 * store in one event.  Objects that came from a manifest are edited as
 * manifests and read again, with the server's defaults and validation; the
 * status and the labels of others are edited in place.
 *
 * Source: kubectl 1.36 and apimachinery for the texts of refusals.
 */
#include "kubectl_impl.h"
#include <string.h>
#include "base/bug.h"
#include "models/argo.h"
#include "models/custom.h"
#include "models/daemonset.h"
#include "models/flagger.h"
#include "models/ingress.h"
#include "models/network.h"
#include "models/rbac.h"
#include "models/route.h"
#include "models/rollout.h"
#include "models/statefulset.h"
#include "models/workload.h"

/* "deployment.apps" */
static const char *singular(struct arena *a, enum kind k)
{
    char *s = arena_printf(a, "%s%s%s", kind_name(k), *kind_group(k) ? "." : "",
                           kind_group(k));

    for (char *p = s; *p && *p != '.'; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    return s;
}

const char *kubectl_label(struct arena *a, const struct meta *m)
{
    if (m->kind == KIND_CUSTOM)
        return m->name;         /* says it already */
    return arena_printf(a, "%s/%s", singular(a, m->kind), m->name);
}

/* ---- what is said -------------------------------------------------------- */

void kubectl_say(struct kubectl *k, const struct meta *about,
                 const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    text = arena_vprintf(k->arena, format, args);
    va_end(args);
    record_note(k->w, "Action", "Done", about ? about->space : k->c.space,
                about ? about->name : "", text);
}

void kubectl_refuse(struct kubectl *k, const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    text = arena_vprintf(k->arena, format, args);
    va_end(args);
    record_note(k->w, "Action", "Refused", k->c.space, "", text);
    k->over = true;
}

/* The words of an answer that is not 200. */
static void refuse_code(struct kubectl *k, enum api_code code,
                        const struct meta *m, const char *reason)
{
    const char *word = code == API_FORBIDDEN ? "Forbidden"
                       : code == API_NOT_FOUND ? "NotFound"
                       : code == API_CONFLICT ? "Conflict"
                       : code == API_EXISTS ? "AlreadyExists"
                       : code == API_INVALID ? "Invalid"
                       : code == API_TOO_MANY ? "TooManyRequests"
                                              : "BadRequest";

    if ((code == API_FORBIDDEN || code == API_NOT_FOUND) &&
        reason) {               /* a sentence by itself */
        kubectl_refuse(k, "Error from server (%s): %s", word, reason);
        return;
    }
    kubectl_refuse(k, "Error from server (%s): %s \"%s\"%s%s", word,
                   kind_group_resource(k->arena, m->kind), m->name,
                   code == API_EXISTS ? " already exists" : ": ",
                   code == API_EXISTS ? "" : reason ? reason : "refused");
}

/* The server's sentence about a manifest that it refuses. */
static void refuse_invalid(struct kubectl *k, enum kind kind, const char *name,
                           const struct err_list *errors)
{
    struct buf text = {0};
    size_t n = 0;

    for (size_t i = 0; i < errors->len; i++) {
        const struct diag *d = &errors->items[i];

        if (d->level != ERR_ERROR)
            continue;
        buf_puts(&text, n++ ? ", " : "");
        if (d->path)
            buf_printf(&text, "%s: ", d->path);
        if (d->type)
            buf_printf(&text, "%s value: ", d->type);
        buf_puts(&text, d->text);
    }
    kubectl_refuse(k, "The %s \"%s\" is invalid: %s%s%s", kind_name(kind),
                   name, n > 1 ? "[" : "", text.text ? text.text : "",
                   n > 1 ? "]" : "");
    buf_free(&text);
}

/* ---- rights ------------------------------------------------------------- */

bool kubectl_may(struct kubectl *k, const char *verb, enum kind kind,
                 const char *sub, const char *space, const char *name)
{
    struct requester who = { .name = k->c.as, .groups = k->c.groups };
    struct request_info what = {
        .verb = verb, .subresource = sub,
        .space = space && kind_ops_of(kind)->namespaced ? space : "",
    };
    const char *why;

    request_about(k->w, &what, kind, name);
    if (strcmp(verb, "create") == 0 && !sub)
        what.name = NULL;       /* the server does not look at it */
    if (!k->c.as || rbac_allows(k->w, &who, &what, &why))
        return true;
    kubectl_refuse(k, "Error from server (Forbidden): %s", why);
    return false;
}

/* What of an object this command writes; NULL: the whole. */
static const char *subresource_of(const struct kubectl *k)
{
    return k->c.verb == &verb_scale ? "scale" : NULL;
}

/* ---- finding ------------------------------------------------------------- */

static void push_target(struct arena *a, struct target *list, size_t *n,
                        const char *resource, const char *name)
{
    list[*n].resource = arena_strdup(a, resource);
    list[*n].kind = kind_by_resource(resource);
    list[*n].name = name;
    list[*n].space = NULL;
    ++*n;
}

size_t kubectl_targets(struct arena *a, const struct kubectl_command *c,
                       size_t end, const struct target **out)
{
    struct target *list = arena_many(a, struct target, end + 1);
    size_t n = 0;

    *out = list;
    if (end > 0 && !strchr(c->words[0], '/')) {
        for (size_t i = 1; i < end; i++)
            push_target(a, list, &n, c->words[0], c->words[i]);
        if (end == 1)
            push_target(a, list, &n, c->words[0], NULL);
        return n;
    }
    for (size_t i = 0; i < end; i++) {
        const char *slash = strchr(c->words[i], '/');

        if (slash)
            push_target(a, list, &n, arena_strndup(a, c->words[i],
                        (size_t)(slash - c->words[i])), slash + 1);
    }
    return n;
}

size_t kubectl_changes(const struct kubectl_command *c, const char *marks)
{
    for (size_t i = 0; i < c->nwords; i++) {
        const char *w = c->words[i];
        size_t len = strlen(w);

        if (strpbrk(w, marks) || (len > 1 && w[len - 1] == '-'))
            return i;
    }
    return c->nwords;
}

/* What no kind of Kubernetes' own is called may be a custom resource. */
static struct target custom_target(struct kubectl *k, struct target t)
{
    const struct crd *crd = t.kind == KIND_NONE
                                ? crd_of_word(k->w->api, t.resource) : NULL;

    if (!crd)
        return t;
    t.kind = KIND_CUSTOM;
    if (t.name)
        t.name = arena_printf(k->arena, "%s/%s", crd_type(k->arena, crd),
                              t.name);
    return t;
}

static void refuse_not_found(struct kubectl *k, const struct target *t)
{
    const struct crd *crd = t->kind == KIND_CUSTOM
                                ? crd_of_word(k->w->api, t->resource) : NULL;

    if (crd)
        kubectl_refuse(k, "Error from server (NotFound): %s \"%s\" not found",
                       crd->meta.name, strrchr(t->name, '/') + 1);
    else
        kubectl_refuse(k, "Error from server (NotFound): %s \"%s\" not found",
                       kind_group_resource(k->arena, t->kind), t->name);
}

const struct meta *kubectl_find(struct kubectl *k, const struct target *asked)
{
    const struct target found = custom_target(k, *asked), *t = &found;
    const char *space = t->space ? t->space : k->c.space;
    const struct meta *m;

    if (t->kind == KIND_NONE) {
        kubectl_refuse(k, "error: the server doesn't have a resource type "
                       "\"%s\"", t->resource);
        return NULL;
    }
    if (!t->name) {
        kubectl_refuse(k, "error: resource(s) were provided, but no name was "
                       "specified");
        return NULL;
    }
    if (!kind_ops_of(t->kind)->namespaced)
        space = "";
    if (!kubectl_may(k, "get", t->kind, NULL, space, t->name))
        return NULL;
    m = api_find(k->w->api, t->kind, space, t->name);
    if (!m && t->kind == KIND_DEPLOYMENT)       /* a strategy made it one */
        m = api_find(k->w->api, KIND_ROLLOUT, space, t->name);
    if (!m)
        refuse_not_found(k, t);
    return m;
}

const struct value *kubectl_placed(struct kubectl *k, const struct value *v,
                                   struct target *t)
{
    const struct value *space = value_at(v, "metadata.namespace");
    const char *version = value_text(value_get(v, "apiVersion"), "");

    t->resource = value_text(value_get(v, "kind"), "");
    t->kind = kind_find(version, t->resource);
    t->name = value_text(value_at(v, "metadata.name"), "");
    t->space = "";
    if (t->kind == KIND_NONE && crd_of_kind(k->w->api, version, t->resource)) {
        t->kind = KIND_CUSTOM;
        t->name = custom_name(k->arena, v);
    }
    if (t->kind == KIND_NONE || !kind_ops_of(t->kind)->namespaced)
        return v;
    t->space = value_text(space, k->c.space);
    return space ? v : value_set(k->arena, v, "metadata.namespace",
                                 value_string(k->arena, t->space, NULL));
}

const struct meta *kubectl_rollout(struct kubectl *k, size_t i, bool *more)
{
    const struct target *targets;
    size_t n = kubectl_targets(k->arena, &k->c, k->c.nwords, &targets);
    const struct meta *m = kubectl_find(k, &targets[i]);

    *more = i + 1 < n;
    if (m && !kind_rolls_out(m->kind)) {
        kubectl_refuse(k, "error: no rollouts of %s \"%s\": only of "
                       "deployments, statefulsets and daemonsets",
                       kind_group_resource(k->arena, m->kind), m->name);
        return NULL;
    }
    return m;
}

/* ---- editing ------------------------------------------------------------- */

const struct value *kubectl_manifest(const struct meta *m)
{
    return object_raw(m);
}

const struct value *kubectl_last_applied(const struct meta *m)
{
    return m->kind == KIND_DEPLOYMENT    ? deployment_seen(m)->last_applied
           : m->kind == KIND_STATEFULSET ? statefulset_seen(m)->last_applied
           : m->kind == KIND_DAEMONSET   ? daemonset_seen(m)->last_applied
           : m->kind == KIND_SERVICE     ? service_seen(m)->last_applied
           : m->kind == KIND_ROLLOUT     ? argo_seen(m)->last_applied
           : m->kind == KIND_CANARY      ? flagger_seen(m)->last_applied
           : m->kind == KIND_INGRESS     ? ingress_seen(m)->last_applied
           : m->kind == KIND_HTTPROUTE   ? httproute_seen(m)->last_applied
           : m->kind == KIND_CUSTOM      ? custom_seen(m)->last_applied
                                         : NULL;
}

void kubectl_set_last_applied(struct meta *draft, const struct value *v)
{
    if (draft->kind == KIND_DEPLOYMENT)
        deployment_of(draft)->last_applied = v;
    else if (draft->kind == KIND_STATEFULSET)
        statefulset_of(draft)->last_applied = v;
    else if (draft->kind == KIND_DAEMONSET)
        daemonset_of(draft)->last_applied = v;
    else if (draft->kind == KIND_SERVICE)
        service_of(draft)->last_applied = v;
    else if (draft->kind == KIND_ROLLOUT)
        argo_of(draft)->last_applied = v;
    else if (draft->kind == KIND_CANARY)
        flagger_of(draft)->last_applied = v;
    else if (draft->kind == KIND_INGRESS)
        ingress_of(draft)->last_applied = v;
    else if (draft->kind == KIND_HTTPROUTE)
        httproute_of(draft)->last_applied = v;
    else if (draft->kind == KIND_CUSTOM)
        custom_of(draft)->last_applied = v;
}

static size_t count(const char *const *list)
{
    size_t n = 0;

    while (list && list[n])
        n++;
    return n;
}

/* Does the manifest behind m list the finalizer? */
static bool in_manifest(const struct meta *m, const char *finalizer)
{
    const struct value *list = value_at(kubectl_manifest(m),
                                        "metadata.finalizers");

    for (size_t i = 0; list && list->type == VALUE_LIST && i < list->len; i++)
        if (strcmp(value_text(list->u.items[i], ""), finalizer) == 0)
            return true;
    return false;
}

/* Those of the new manifest, and what controllers added to the old object. */
static const char *const *finalizers_of(struct kubectl *k,
                                        const struct meta *read,
                                        const struct meta *old)
{
    size_t have = count(read->finalizers), had = count(old->finalizers), n = 0;
    const char **list = arena_many(k->w->arena, const char *, have + had + 1);

    for (size_t i = 0; i < have; i++)
        list[n++] = read->finalizers[i];
    for (size_t i = 0; i < had; i++)
        if (!in_manifest(old, old->finalizers[i]))
            list[n++] = old->finalizers[i];
    return list;
}

/* The spec of a freshly read object in a draft that keeps who it is. */
static struct meta *adopt(struct kubectl *k, const struct meta *read,
                          const struct meta *old, struct meta *draft)
{
    struct meta who = *draft;
    const struct kind_ops *ops = kind_ops_of(read->kind);

    memcpy(draft, read, ops->size);
    who.labels = read->labels;
    who.annotations = read->annotations;
    who.finalizers = old ? finalizers_of(k, read, old) : read->finalizers;
    if (!old) {
        who.name = read->name;
        who.space = read->space;
        who.deleted = SIM_NEVER;
        who.kind = read->kind;
        if (ops->namespaced && (!who.space || !who.space[0]))
            who.space = k->c.space;
    }
    *draft = who;
    if (old) {
        if (ops->copy_status)
            ops->copy_status(draft, old);
        kubectl_set_last_applied(draft, kubectl_last_applied(old));
    }
    return draft;
}

struct meta *kubectl_decode(struct kubectl *k, enum kind kind,
                            const struct value *v, const struct meta *m)
{
    const struct value *name = value_at(v, "metadata.name");
    const struct meta *read;
    struct err_list errors;

    err_init(&errors, k->arena);
    read = kind_ops_of(kind)->decode(k->arena, v, &errors);
    if (m && !errors.errors)
        object_check_update(k->arena, m, read, &errors);
    if (errors.errors) {
        refuse_invalid(k, kind, value_text(name, ""), &errors);
        return NULL;
    }
    return adopt(k, read, m, m ? api_draft(k->w->api, m)
                               : api_new_draft(k->w->api, kind));
}

/* The change-cause annotation that --record leaves. */
static const struct value *recorded(struct kubectl *k, const struct value *v)
{
    return value_set(k->arena, v,
                     "metadata.annotations.\"kubernetes.io/change-cause\"",
                     value_string(k->arena, arena_printf(k->arena,
                                  "kubectl %s", k->c.text), NULL));
}

struct meta *kubectl_edit(struct kubectl *k, const struct meta *m,
                          const struct value *patch, bool plain)
{
    const struct value *v = kubectl_manifest(m);

    if (!v) {
        kubectl_refuse(k, "error: %s cannot be edited here: it was not made "
                       "from a manifest", kubectl_label(k->arena, m));
        return NULL;
    }
    v = plain ? value_merge(k->arena, v, patch)
              : value_strategic(k->arena, v, patch);
    if (k->c.record)
        v = recorded(k, v);
    return kubectl_decode(k, m->kind, v, m);
}

const struct value *kubectl_patch_of(struct arena *a, const char *path,
                                     const struct value *x)
{
    return value_set(a, value_map(a, NULL, 0, NULL), path, x);
}

/* ---- writing ------------------------------------------------------------- */

static bool answered(struct kubectl *k, enum api_code code,
                     const struct meta *draft, const struct meta *result,
                     const char *reason, const char *done)
{
    if (code != API_OK && code != API_CREATED) {
        refuse_code(k, code, draft, reason);
        return false;
    }
    if (reason)
        kubectl_say(k, result, "Warning: %s", reason);
    kubectl_say(k, result, "%s %s", kubectl_label(k->arena, result), done);
    return true;
}

bool kubectl_update(struct kubectl *k, struct meta *draft, const char *done)
{
    struct meta who = *draft;
    const struct meta *result = NULL;
    const char *reason = NULL;
    enum api_code code;

    if (!kubectl_may(k, "patch", who.kind, subresource_of(k), who.space,
                     who.name)) {
        api_drop(k->w->api, draft);
        return false;
    }
    code = api_update(k->w->api, draft, &result, &reason);
    return answered(k, code, &who, result, reason, done);
}

bool kubectl_create(struct kubectl *k, struct meta *draft, const char *done)
{
    struct meta who = *draft;
    const struct meta *result = NULL;
    const char *reason = NULL;
    enum api_code code;

    if (!kubectl_may(k, "create", who.kind, NULL, who.space, who.name)) {
        api_drop(k->w->api, draft);
        return false;
    }
    code = api_create(k->w->api, draft, &result, &reason);
    return answered(k, code, &who, result, reason, done);
}
