/*
 * delete.c - kubectl delete: ask for objects to go.
 *
 * What they own follows by garbage collection.  Pods get their grace period;
 * --grace-period shortens it, --force makes it 0.  The command does not wait
 * here for the objects to be gone, which changes nothing but when kubectl
 * returns.
 *
 * --cascade=orphan leaves what is owned, without an owner: a controller that
 * selects it adopts it.  --cascade=foreground deletes it first.
 *
 * Not modelled: --all-namespaces.
 */
#include "kubectl_impl.h"
#include <stdlib.h>
#include <string.h>
#include "base/vec.h"

static const struct kubectl_flag delete_flags[] = {
    { "filename", 'f', KUBECTL_TEXT, "file of manifests; - for `stdin:`" },
    { "selector", 'l', KUBECTL_TEXT, "those with the labels KEY=VALUE,..." },
    { "all", 0, KUBECTL_SWITCH, "all of the kind" },
    { "grace-period", 0, KUBECTL_COUNT, "seconds; -1: the object's own" },
    { "force", 0, KUBECTL_SWITCH, "at once, with --grace-period=0" },
    { "now", 0, KUBECTL_SWITCH, "--grace-period=1" },
    { "cascade", 0, KUBECTL_TEXT, "background (default), foreground, orphan" },
    { NULL, 0, KUBECTL_SWITCH, NULL },
};

static int grace_of(const struct kubectl_command *c)
{
    const char *text = kubectl_flag(c, "grace-period");

    if (kubectl_flag(c, "now"))
        return 1;
    if (text)
        return (int)strtol(text, NULL, 10);
    return kubectl_flag(c, "force") ? 0 : -1;
}

/* The finalizer that --cascade asks for; NULL: none. */
static const char *cascade_of(const struct kubectl_command *c)
{
    const char *how = kubectl_flag(c, "cascade");

    return !how                              ? NULL
           : strcmp(how, "orphan") == 0      ? "orphan"
           : strcmp(how, "foreground") == 0  ? "foregroundDeletion"
                                             : NULL;
}

static const char *delete_check(struct arena *a,
                                const struct kubectl_command *c)
{
    const char *chosen = kubectl_flag(c, "selector");
    const char *how = kubectl_flag(c, "cascade");
    const struct target *t;
    size_t n;

    if (how && !cascade_of(c) && strcmp(how, "background") != 0)
        return arena_printf(a, "invalid cascade value (%s). Must be "
                            "\"background\", \"foreground\", or \"orphan\"",
                            how);
    if (kubectl_flag(c, "filename"))
        return NULL;
    n = kubectl_targets(a, c, c->nwords, &t);
    if (n == 0)
        return "You must provide one or more resources by argument or "
               "filename";
    if (!t[0].name && !chosen && !kubectl_flag(c, "all"))
        return "resource(s) were provided, but no name was specified";
    if (t[0].name && chosen)
        return "name cannot be provided when a selector is specified";
    if (grace_of(c) == 0 && !kubectl_flag(c, "force"))
        return "--grace-period=0 needs --force here, as kubectl warns";
    return NULL;
}

const struct selector *kubectl_selector(struct arena *a, const char *text)
{
    const struct value *v = value_map(a, NULL, 0, NULL);

    while (*text) {
        size_t len = strcspn(text, ",");
        size_t key = strcspn(text, "=,");
        size_t from = key + strspn(text + key, "=");

        v = value_set(a, v, arena_printf(a, "\"%.*s\"", (int)key, text),
                      value_string(a, arena_strndup(a, text + from,
                                   len > from ? len - from : 0), NULL));
        text += len + (text[len] == ',');
    }
    return selector_from_map(a, v);
}

/* Namespaces that cannot be deleted. */
static bool is_immortal(const char *name)
{
    return strcmp(name, "default") == 0 || strcmp(name, "kube-system") == 0 ||
           strcmp(name, "kube-public") == 0;
}

static void delete_one(struct kubectl *k, const struct meta *m)
{
    const char *label = kubectl_label(k->arena, m);
    const char *slash = strchr(label, '/');
    struct meta was = *m;

    if (!kubectl_may(k, "delete", m->kind, NULL, m->space, m->name))
        return;
    if (m->kind == KIND_NAMESPACE && is_immortal(m->name)) {
        kubectl_refuse(k, "Error from server (Forbidden): namespaces \"%s\" "
                       "is forbidden: this namespace may not be deleted",
                       m->name);
        return;
    }
    if (cascade_of(&k->c) && !kind_ops_of(m->kind)->graceful)
        api_delete_after(k->w->api, m->uid, cascade_of(&k->c));
    else
        api_delete(k->w->api, m->uid, grace_of(&k->c));
    kubectl_say(k, &was, "%.*s \"%s\" deleted", (int)(slash - label), label,
                slash + 1);
}

/* All of a kind that -l or --all choose.  One request each, sent together:
 * kubectl asks for the next one without waiting. */
static void delete_many(struct kubectl *k, const struct target *t)
{
    const char *text = kubectl_flag(&k->c, "selector");
    const struct selector *s = text ? kubectl_selector(k->arena, text) : NULL;
    VEC(object_uid) found = {0};

    if (t->kind == KIND_NONE) {
        kubectl_find(k, t);
        return;
    }
    if (!kubectl_may(k, "list", t->kind, NULL, k->c.space, NULL))
        return;
    for (size_t i = 0; i < api_count(k->w->api, t->kind); i++) {
        const struct meta *m = api_at(k->w->api, t->kind, i);
        bool here = !kind_ops_of(t->kind)->namespaced ||
                    strcmp(m->space, k->c.space) == 0;

        if (here && (!text || selector_match(s, m->labels)))
            vec_push(k->arena, &found, m->uid);
    }
    for (size_t i = 0; i < found.len; i++) {
        const struct meta *m = api_get(k->w->api, found.items[i]);

        if (m)
            delete_one(k, m);
    }
    if (found.len == 0)
        kubectl_say(k, NULL, "No resources found");
}

static bool delete_document(struct kubectl *k, size_t i)
{
    struct target t;
    const struct meta *m;

    kubectl_placed(k, k->c.documents[i], &t);
    m = kubectl_find(k, &t);

    if (m)
        delete_one(k, m);
    return i + 1 < k->c.ndocuments;
}

static bool delete_step(struct kubectl *k, size_t i)
{
    const struct target *targets;
    size_t n;
    const struct meta *m;

    if (kubectl_flag(&k->c, "filename"))
        return i < k->c.ndocuments && delete_document(k, i);
    n = kubectl_targets(k->arena, &k->c, k->c.nwords, &targets);
    if (!targets[i].name) {
        delete_many(k, &targets[i]);
        return i + 1 < n;
    }
    m = kubectl_find(k, &targets[i]);
    if (m)
        delete_one(k, m);
    return i + 1 < n;
}

const struct verb_ops verb_delete = {
    .name = "delete",
    .usage = "TYPE/NAME... | TYPE -l KEY=VALUE | TYPE --all | -f FILE "
             "[--cascade=orphan]",
    .doc = "ask for objects to go, and all that they own",
    .flags = delete_flags,
    .input = INPUT_FILES,
    .check = delete_check,
    .step = delete_step,
};
