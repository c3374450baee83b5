/*
 * documents.c - files to documents: the Scenario, and Kubernetes objects.
 *
 * Streams, Lists, empty documents and whatever kubectl, kustomize and helm
 * print are taken as they are.  Kinds that Kubernetes has and we do not
 * simulate are counted and said in one line.
 */
#include "scenario_impl.h"
#include <stdlib.h>
#include <string.h>
#include "io/file.h"
#include "io/yaml.h"
#include "models/api.h"
#include "models/custom.h"

static const char *const stored_kinds[] = {
#define KIND(id, name, group, version, resource) name,
#include "models/kinds.list"
#undef KIND
    "Scenario", "List", NULL
};

static void count_ignored(struct loader *l, const char *kind)
{
    for (size_t i = 0; i < l->ignored.len; i++) {
        if (strcmp(l->ignored.items[i].kind, kind) == 0) {
            l->ignored.items[i].count++;
            return;
        }
    }
    vec_push(l->arena, &l->ignored, ((struct not_simulated){ kind, 1 }));
}

/* The text of a required scalar; NULL after an error. */
static const char *required(struct loader *l, const struct value *v,
                            const char *path)
{
    const struct value *at = value_at(v, path);
    const char *text = value_text(at, NULL);

    if (text && text[0])
        return text;
    err_error(l->errors, at ? &at->mark : &v->mark,
              "%s is missing: this is no Kubernetes object and no Scenario",
              path);
    return NULL;
}

/* Is `kind` a slip of the pen for one that we know? */
static bool misspelt(struct loader *l, const struct value *v,
                     const char *kind)
{
    const struct value *at = value_get(v, "kind");
    struct diag *d;

    if (!nearest_word(kind, stored_kinds))
        return false;
    for (size_t i = 0; stored_kinds[i]; i++)
        if (strcmp(stored_kinds[i], kind) == 0)
            return false;
    d = err_error(l->errors, &at->mark, "unknown kind \"%s\"", kind);
    diag_suggest(l->errors, d, kind, stored_kinds);
    return true;
}

static void report_twice(struct loader *l, const struct document *a,
                         const struct document *b)
{
    const struct value *name = value_at(b->value, "metadata.name");
    const struct value *first = value_at(a->value, "metadata.name");
    struct diag *d = err_error(l->errors, &name->mark,
                               "%s \"%s\" is given twice", kind_name(b->kind),
                               b->name);

    diag_note(l->errors, d, &first->mark, "the first one is here");
}

/* v with the name that the API server makes from metadata.generateName, if it
 * has no other; only of what is `created`.  NULL after an error. */
static const struct value *named(struct loader *l, const struct value *v,
                                 bool created)
{
    const struct value *prefix = value_at(v, "metadata.generateName");
    const char *text = value_text(prefix, "");

    if (!*text || *value_text(value_at(v, "metadata.name"), ""))
        return v;
    if (!created) {
        err_error(l->errors, &prefix->mark, "from %s: cannot use generate name "
                  "with apply", text);
        return NULL;
    }
    return value_set(l->arena, v, "metadata.name", value_string(
        l->arena, object_generated_name(l->arena, text, v), &prefix->mark));
}

static void add_object(struct loader *l, const struct value *v,
                       const char *file, enum kind kind, documents *out)
{
    struct document d = { .file = file, .kind = kind, .space = "" };

    d.value = v = named(l, v, out == &l->objects);
    d.name = v ? required(l, v, "metadata.name") : NULL;
    if (!d.name)
        return;
    if (kind == KIND_CUSTOM)
        d.name = custom_name(l->arena, v);
    if (kind_ops_of(kind)->namespaced)
        d.space = value_text(value_at(v, "metadata.namespace"), "default");
    for (size_t i = 0; i < out->len; i++) {
        const struct document *o = &out->items[i];

        if (o->kind == kind && strcmp(o->name, d.name) == 0 &&
            strcmp(o->space, d.space) == 0) {
            report_twice(l, o, &d);
            return;
        }
    }
    vec_push(l->arena, out, d);
}

/* Kinds that a user may give: those with a decoder. */
static bool can_store(enum kind kind)
{
    return kind != KIND_NONE && kind_ops_of(kind) &&
           kind_ops_of(kind)->decode;
}

static bool is_list(const struct value *v, const char *kind)
{
    size_t len = strlen(kind);
    const struct value *items = value_get(v, "items");

    return len >= 4 && strcmp(kind + len - 4, "List") == 0 && items &&
           items->type == VALUE_LIST;
}

/* One object, which is not a List. */
static void add_one(struct loader *l, const struct value *v, const char *file,
                    documents *out)
{
    const char *version, *kind;
    enum kind stored;

    if (v->type != VALUE_MAP) {
        if (!value_is_null(v))
            err_error(l->errors, &v->mark, "a Kubernetes object or a Scenario "
                      "was expected here, not a %s",
                      v->type == VALUE_LIST ? "list" : "single value");
        return;
    }
    version = required(l, v, "apiVersion");
    kind = version ? required(l, v, "kind") : NULL;
    if (!kind)
        return;
    stored = kind_find(version, kind);
    if (can_store(stored))
        add_object(l, v, file, stored, out);
    else
        vec_push(l->arena, &l->strangers, ((struct stranger){ v, file }));
}

/* The minor version of the cluster. */
static int minor_version(const struct loader *l)
{
    const char *text = value_text(value_at(l->root, "cluster.kubernetes"), "");

    return strcmp(text, "1.20") == 0 ? 20 : 36;
}

/* An object of an API version of before, that is not read, is refused if the
 * server does not have it, too. */
static bool is_old(struct loader *l, const struct value *v,
                   const char *version, const char *kind)
{
    const struct mark *m = &value_get(v, "apiVersion")->mark;
    int gone = 0;
    enum kind k = kind_of_old(version, kind, &gone);
    bool refused = gone <= minor_version(l);
    struct diag *d;

    if (k == KIND_NONE)
        return false;
    d = refused ? err_error(l->errors, m, "no matches for kind \"%s\" in "
                            "version \"%s\": it is gone since Kubernetes "
                            "1.%d", kind, version, gone)
                : err_warn(l->errors, m, "%s of version \"%s\" is not "
                           "simulated", kind, version);
    diag_help(l->errors, d, "write it as %s", kind_api_version(l->arena, k));
    return refused;
}

void documents_warn_old(struct loader *l)
{
    for (size_t i = 0; i < l->objects.len; i++) {
        const struct document *o = &l->objects.items[i];
        const struct value *version = value_get(o->value, "apiVersion");
        const char *text = value_text(version, "");
        int gone = 0;
        enum kind k = o->kind == KIND_CUSTOM
            ? KIND_NONE : kind_of_old(text, kind_name(o->kind), &gone);

        if (k != KIND_NONE && gone > 0 && gone <= minor_version(l))
            err_warn(l->errors, &version->mark, "%s of version \"%s\" is gone "
                     "since Kubernetes 1.%d: read as %s", kind_name(k), text,
                     gone, kind_api_version(l->arena, k));
    }
}

bool documents_known(struct loader *l, const struct value *v)
{
    const char *kind = value_text(value_get(v, "kind"), "");
    const char *version = value_text(value_get(v, "apiVersion"), "");

    if (can_store(kind_find(version, kind)) ||
        operators_definition(l, version, kind))
        return true;
    if (!misspelt(l, v, kind) && !is_old(l, v, version, kind))
        count_ignored(l, kind);
    return false;
}

void documents_settle(struct loader *l, documents *out, bool early)
{
    for (size_t i = 0; i < l->strangers.len; i++) {
        const struct stranger *s = &l->strangers.items[i];

        if (early || documents_known(l, s->value))
            add_object(l, s->value, s->file, KIND_CUSTOM, out);
    }
    vec_clear(&l->strangers);
}

void documents_add(struct loader *l, const struct value *v, const char *file,
                   documents *out)
{
    const char *kind = value_text(value_get(v, "kind"), "");

    if (!is_list(v, kind)) {
        add_one(l, v, file, out);
        return;
    }
    v = value_get(v, "items");
    for (size_t i = 0; i < v->len; i++)
        add_one(l, v->u.items[i], file, out);
}

static bool is_scenario(const struct value *v)
{
    return strcmp(value_text(value_get(v, "kind"), ""), "Scenario") == 0 ||
           strncmp(value_text(value_get(v, "apiVersion"), ""), "rollsim/", 8)
               == 0;
}

static void take_scenario(struct loader *l, const struct value *v,
                          const char *file)
{
    struct diag *d;

    if (!l->root) {
        l->root = v;
        l->file = file;
        return;
    }
    d = err_error(l->errors, &v->mark, "a second Scenario: one run has one");
    diag_note(l->errors, d, &l->root->mark, "the first one is here");
}

/* Words of `# rollsim: allow ...` comments count like --allow. */
static void take_allows(struct loader *l, const struct yaml_stream *s)
{
    for (size_t i = 0; i < s->allows.len; i++)
        vec_push(l->arena, &l->app->o.allows, s->allows.items[i].word);
}

/* Sort the documents of a stream in; code: how reading it went. */
static void take_stream(struct loader *l, const struct yaml_stream *stream,
                        enum sim_code code, const char *path)
{
    l->nfiles++;
    if (code == SIM_SYSTEM)
        l->missing = true;
    if (code != SIM_OK)
        return;
    take_allows(l, stream);
    for (size_t i = 0; i < stream->docs.len; i++) {
        const struct value *v = stream->docs.items[i].root;

        if (is_scenario(v))
            take_scenario(l, v, path);
        else
            documents_add(l, v, path, &l->objects);
    }
}

void documents_read(struct loader *l, const char *path, const struct mark *at)
{
    struct yaml_stream stream = {0};
    enum sim_code code = yaml_load_file(l->arena, path, false, at, &stream,
                                        l->errors);

    take_stream(l, &stream, code, path);
}

void documents_parse(struct loader *l, const char *name, const char *text,
                     size_t len)
{
    struct yaml_stream stream = {0};
    enum sim_code code = yaml_load(l->arena, name, text, len, false, &stream,
                                   l->errors);

    take_stream(l, &stream, code, name);
}

/* ---- --set --------------------------------------------------------------- */

/* The value of an assignment, read as YAML; NULL after an error. */
static const struct value *set_value(struct loader *l, const char *text)
{
    struct yaml_stream s = {0};

    if (yaml_load(l->arena, "--set", text, strlen(text), false, &s,
                  l->errors) != SIM_OK)
        return NULL;
    return s.docs.len ? s.docs.items[0].root : value_null(l->arena, NULL);
}

/* The place of a word on the command line. */
static struct mark set_mark(struct loader *l, const char *text)
{
    struct source *s = arena_make(l->arena, struct source);

    s->name = "--set";
    s->text = text;
    s->len = strlen(text);
    return (struct mark){ s, 1, 1, (int)strcspn(text, "=") };
}

/* "Deployment/api": its document; NULL after an error. */
static struct document *set_object(struct loader *l, const char *text,
                                   size_t len, const struct mark *m)
{
    const char *slash = memchr(text, '/', len);
    const char *kind = arena_strndup(l->arena, text, (size_t)(slash - text));
    const char *name = arena_strndup(l->arena, slash + 1,
                                     len - (size_t)(slash + 1 - text));
    const char **names = arena_many(l->arena, const char *,
                                    l->objects.len + 1);
    size_t n = 0;
    struct diag *d;

    for (size_t i = 0; i < l->objects.len; i++) {
        struct document *o = &l->objects.items[i];

        if (strcmp(value_text(value_get(o->value, "kind"), ""), kind) != 0)
            continue;
        names[n] = value_text(value_at(o->value, "metadata.name"), "");
        if (strcmp(names[n++], name) == 0)
            return o;
    }
    d = err_error(l->errors, m, "no %s named \"%s\"", kind, name);
    diag_suggest(l->errors, d, name, names);
    return NULL;
}

bool documents_of_object(const char *path)
{
    size_t plain = strcspn(path, "/:\"");

    return path[plain] == '/' && strchr(path + plain, ':');
}

bool documents_assign(struct loader *l, const char *path,
                      const struct value *x, const struct mark *m)
{
    const char *colon = strchr(path, ':');
    struct document *object = NULL;
    const struct value *changed;

    if (documents_of_object(path)) {
        object = set_object(l, path, (size_t)(colon - path), m);
        if (!object)
            return false;
        path = colon + 1;
    } else if (!l->root) {
        l->root = value_map(l->arena, NULL, 0, m);
    }
    changed = value_set(l->arena, object ? object->value : l->root, path, x);
    if (!changed)
        err_error(l->errors, m, "there is no \"%s\" to set", path);
    else if (object)
        object->value = changed;
    else
        l->root = changed;
    return changed != NULL;
}

void documents_set(struct loader *l, const char *assignment)
{
    const char *equals = strchr(assignment, '=');
    struct mark m = set_mark(l, assignment);
    const struct value *x;

    if (!equals) {
        err_error(l->errors, &m, "--set needs PATH=VALUE, got \"%s\"",
                  assignment);
        return;
    }
    x = set_value(l, equals + 1);
    if (x)
        documents_assign(l, arena_strndup(l->arena, assignment,
                                          (size_t)(equals - assignment)), x,
                         &m);
}
