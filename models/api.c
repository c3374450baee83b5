/*
 * api.c - the API server's store.
 *
 * Objects are chains of immutable versions; the store keeps the newest one and
 * counts references, so that caches which have seen an older one keep that.
 * A commit replaces the newest version, bumps the resourceVersion of the
 * whole store, and publishes (before, after) to the informers of the kind.
 *
 * Not modelled: etcd, watch caches, pagination, priority and fairness
 * (reference 8.4); a request costs its client's latency and nothing else.
 * Source: apiserver registry/rest at v1.36; reference sections 5.5, 10, 11.
 */
#include "models/api.h"

#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "base/map.h"
#include "base/pool.h"
#include "models/informer.h"
#include "models/pod.h"
#include "models/uids.h"
#include "models/world.h"

struct api {
    struct world *w;
    VEC(const struct meta *) newest;    /* by uid; NULL: none or gone */
    struct uids kinds[KIND_COUNT];
    struct map names;           /* "kind/space/name" -> uid of the newest */
    struct owners owners;
    struct pool pools[KIND_COUNT];
    uint64_t version;
};

#define ADMISSION(id) extern const struct admission admission_##id;
#include "models/admission.list"
#undef ADMISSION

static const struct admission *const plugins[] = {
#define ADMISSION(id) &admission_##id,
#include "models/admission.list"
#undef ADMISSION
    NULL,
};

struct api *api_new(struct world *w)
{
    struct api *api = arena_make(w->arena, struct api);

    api->w = w;
    map_init(&api->names, w->arena);
    owners_init(&api->owners, w->arena);
    for (int k = KIND_NONE + 1; k < KIND_COUNT; k++)
        pool_init(&api->pools[k], w->arena, kind_ops_of(k)->size);
    vec_push(w->arena, &api->newest, NULL);     /* uid 0 is no object */
    return api;
}

const struct meta *api_ref(const struct meta *m)
{
    ((struct meta *)m)->refs++;
    return m;
}

void api_unref(struct api *api, const struct meta *m)
{
    struct meta *mine = (struct meta *)m;

    CHECK(mine->refs > 0);
    if (--mine->refs == 0)
        pool_put(&api->pools[m->kind], mine);
}

const struct meta *api_get(const struct api *api, object_uid uid)
{
    return uid < api->newest.len ? api->newest.items[uid] : NULL;
}

const object_uid *api_owned(const struct api *api, object_uid uid, size_t *n)
{
    return owners_get(&api->owners, uid, n);
}

size_t api_count(const struct api *api, enum kind kind)
{
    return uids_len(&api->kinds[kind]);
}

const struct meta *api_at(const struct api *api, enum kind kind, size_t i)
{
    return api->newest.items[uids_items(&api->kinds[kind])[i]];
}

#define NAME_ROOM 600           /* kind, namespace (63), name (253) */

static const char *name_key(char *room, enum kind kind, const char *space,
                            const char *name)
{
    snprintf(room, NAME_ROOM, "%d/%s/%s", (int)kind, space, name);
    return room;
}

const struct meta *api_find(const struct api *api, enum kind kind,
                            const char *space, const char *name)
{
    char room[NAME_ROOM];
    uintptr_t uid;

    if (!kind_ops_of(kind)->namespaced)
        space = "";
    uid = (uintptr_t)map_get(&api->names, name_key(room, kind, space, name));
    return uid ? api->newest.items[uid] : NULL;
}

/* ---- drafts ---------------------------------------------------------------- */

struct meta *api_new_draft(struct api *api, enum kind kind)
{
    struct meta *m = pool_take(&api->pools[kind]);

    m->kind = kind;
    m->space = "";
    m->deleted = SIM_NEVER;
    return m;
}

struct meta *api_draft(struct api *api, const struct meta *seen)
{
    struct meta *m = pool_take(&api->pools[seen->kind]);

    memcpy(m, seen, kind_ops_of(seen->kind)->size);
    m->refs = 0;
    return m;
}

void api_drop(struct api *api, struct meta *draft)
{
    CHECK(draft->refs == 0);
    pool_put(&api->pools[draft->kind], draft);
}

/* Refuse: the draft is given back, the sentence kept. */
static enum api_code refuse(struct api *api, struct meta *draft,
                            enum api_code code, const char **reason,
                            const char *why)
{
    if (reason)
        *reason = why;
    api_drop(api, draft);
    return code;
}

/* ---- commits --------------------------------------------------------------- */

/* Make draft the newest version and tell everybody. */
static void commit(struct api *api, struct meta *draft,
                   const struct meta *before, const struct meta **result)
{
    struct world *w = api->w;

    draft->version = ++api->version;
    api->newest.items[draft->uid] = api_ref(draft);
    if (before && before->owner != draft->owner) {
        owners_remove(&api->owners, before->owner, draft->uid);
        owners_add(&api->owners, draft->owner, draft->uid);
    }
    if (result)
        *result = draft;
    sim_note(w->sim, kind_name(draft->kind), draft->uid);
    record_commit(w, before, draft);
    informers_publish(w, before, draft);
    if (before)
        api_unref(api, before);
}

/* Take the object out of the store: nobody can write it any more. */
static void remove_object(struct api *api, const struct meta *m)
{
    char room[NAME_ROOM];

    api->newest.items[m->uid] = NULL;
    api->version++;
    map_put(&api->names, name_key(room, m->kind, m->space, m->name), NULL);
    uids_remove(&api->kinds[m->kind], m->uid);
    owners_remove(&api->owners, m->owner, m->uid);
    sim_note(api->w->sim, "removed", m->uid);
    record_commit(api->w, m, NULL);
    informers_publish(api->w, m, NULL);
    api_unref(api, m);
}

static enum api_code admit(struct api *api, const struct meta *old,
                           struct meta *draft, const char **reason)
{
    for (size_t i = 0; plugins[i]; i++) {
        enum api_code code = plugins[i]->admit(api->w, old, draft, reason);

        if (code != API_OK)
            return code;
    }
    return API_OK;
}

/* Give a new object what only the server gives. */
static void stamp(struct api *api, struct meta *m)
{
    struct world *w = api->w;
    char room[NAME_ROOM];

    m->uid = ++w->last_uid;
    m->created = world_now(w);
    m->deleted = SIM_NEVER;
    m->generation = 1;
    m->tie = stream_u64(&w->uid_stream);
    if (m->kind == KIND_POD && pod_of(m)->entity == 0)
        pod_of(m)->entity = world_pod_entity(w, pod_of(m)->template);
    vec_push(w->arena, &api->newest, NULL);
    CHECK(api->newest.len == (size_t)m->uid + 1);
    uids_add(w->arena, &api->kinds[m->kind], m->uid);
    name_key(room, m->kind, m->space, m->name);
    map_put(&api->names, arena_strdup(w->arena, room),
            (void *)(uintptr_t)m->uid);
    owners_add(&api->owners, m->owner, m->uid);
}

enum api_code api_create(struct api *api, struct meta *draft,
                         const struct meta **result, const char **reason)
{
    const char *why = NULL;
    enum api_code code;

    if (!kind_ops_of(draft->kind)->namespaced)
        draft->space = "";
    if (api_find(api, draft->kind, draft->space, draft->name))
        return refuse(api, draft, API_EXISTS, reason,
                      arena_printf(api->w->arena, "%s \"%s\" already exists",
                                   kind_resource(draft->kind), draft->name));
    code = admit(api, NULL, draft, &why);
    if (code != API_OK)
        return refuse(api, draft, code, reason, why);
    if (reason)
        *reason = why;          /* a warning */
    stamp(api, draft);
    commit(api, draft, NULL, result);
    return API_CREATED;
}

/* The version that a draft would replace; NULL with *code set if it may not. */
static const struct meta *target(struct api *api, const struct meta *draft,
                                 enum api_code *code, const char **why)
{
    const struct meta *now = api_get(api, draft->uid);

    if (!now) {
        *code = API_NOT_FOUND;
        *why = arena_printf(api->w->arena, "%s \"%s\" not found",
                            kind_resource(draft->kind), draft->name);
        return NULL;
    }
    if (draft->version != 0 && draft->version != now->version) {
        *code = API_CONFLICT;
        *why = "the object has been modified; please apply your changes to "
               "the latest version and try again";
        return NULL;
    }
    return now;
}

/* What no update may change. */
static void keep_server_fields(struct meta *draft, const struct meta *now)
{
    draft->name = now->name;
    draft->space = now->space;
    draft->created = now->created;
    draft->deleted = now->deleted;
    draft->grace_s = now->grace_s;
    draft->tie = now->tie;
    draft->generation = now->generation;
}

/* An object that was asked to go and that nothing holds any more. */
static bool finished(const struct meta *m)
{
    return meta_deleting(m) && !(m->finalizers && m->finalizers[0]) &&
           m->grace_s == 0;
}

enum api_code api_update(struct api *api, struct meta *draft,
                         const struct meta **result, const char **reason)
{
    const struct kind_ops *ops = kind_ops_of(draft->kind);
    const char *why = NULL;
    enum api_code code;
    const struct meta *now = target(api, draft, &code, &why);

    if (!now)
        return refuse(api, draft, code, reason, why);
    keep_server_fields(draft, now);
    if (ops->copy_status)
        ops->copy_status(draft, now);
    code = admit(api, now, draft, &why);
    if (code != API_OK)
        return refuse(api, draft, code, reason, why);
    if (reason)
        *reason = why;          /* a warning */
    if (ops->spec_changed && ops->spec_changed(draft, now))
        draft->generation++;
    commit(api, draft, now, result);
    if (finished(draft))
        remove_object(api, draft);
    return API_OK;
}

enum api_code api_update_status(struct api *api, struct meta *draft,
                                const struct meta **result,
                                const char **reason)
{
    const struct kind_ops *ops = kind_ops_of(draft->kind);
    const char *why = NULL;
    enum api_code code;
    const struct meta *now = target(api, draft, &code, &why);
    struct meta *merged;

    if (!now)
        return refuse(api, draft, code, reason, why);
    merged = api_draft(api, now);
    merged->annotations = draft->annotations;
    ops->copy_status(merged, draft);
    api_drop(api, draft);
    commit(api, merged, now, result);
    return API_OK;
}

/* Mark for deletion with a grace; a later call can only shorten it. */
static void mark_deleted(struct api *api, const struct meta *now, int grace_s)
{
    struct meta *draft;

    if (meta_deleting(now) && grace_s >= now->grace_s)
        return;
    draft = api_draft(api, now);
    if (!meta_deleting(now)) {
        draft->deleted = world_now(api->w);
        draft->generation++;
    }
    draft->grace_s = grace_s;
    commit(api, draft, now, NULL);
}

/* The grace that a pod's deletion gets: reference 5.5, API side. */
static int pod_grace(const struct pod *p, int asked)
{
    if (p->node == 0 || p->phase == POD_SUCCEEDED || p->phase == POD_FAILED)
        return 0;
    if (asked < 0)
        asked = p->template->spec->grace_s;
    return asked < 0 ? 1 : asked;
}

/* m's finalizers and one more. */
static const char *const *with_finalizer(struct api *api, const struct meta *m,
                                         const char *name)
{
    size_t n = 0;
    const char **list;

    while (m->finalizers && m->finalizers[n])
        n++;
    list = arena_many(api->w->arena, const char *, n + 2);
    for (size_t i = 0; i < n; i++)
        list[i] = m->finalizers[i];
    list[n] = name;
    return list;
}

enum api_code api_delete_after(struct api *api, object_uid uid,
                               const char *finalizer)
{
    const struct meta *now = api_get(api, uid);
    struct meta *draft;

    if (!now)
        return API_NOT_FOUND;
    if (meta_deleting(now))
        return API_OK;
    draft = api_draft(api, now);
    draft->deleted = world_now(api->w);
    draft->generation++;
    draft->finalizers = with_finalizer(api, now, finalizer);
    commit(api, draft, now, NULL);
    return API_OK;
}

enum api_code api_delete(struct api *api, object_uid uid, int grace_s)
{
    const struct meta *now = api_get(api, uid);
    bool forced = grace_s == 0;

    if (!now)
        return API_NOT_FOUND;
    if (kind_ops_of(now->kind)->graceful)
        grace_s = pod_grace(pod_seen(now), grace_s);
    else
        grace_s = 0;
    if (grace_s > 0 || (now->finalizers && now->finalizers[0])) {
        mark_deleted(api, now, grace_s);
        return API_OK;
    }
    if (kind_ops_of(now->kind)->graceful && !forced)
        mark_deleted(api, now, 0);      /* two events, of one call */
    remove_object(api, api_get(api, uid));
    return API_OK;
}

enum api_code api_bind(struct api *api, object_uid pod, object_uid node,
                       const struct meta **result, const char **reason)
{
    const struct meta *now = api_get(api, pod);
    struct meta *draft;

    if (!now || meta_deleting(now) || pod_seen(now)->node != 0) {
        if (reason)
            *reason = now ? "pod is being deleted or already assigned"
                          : "pod not found";
        return now ? API_CONFLICT : API_NOT_FOUND;
    }
    draft = api_draft(api, now);
    pod_of(draft)->node = node;
    pod_of(draft)->unschedulable = false;
    commit(api, draft, now, result);
    return API_OK;
}

uint64_t api_writes(const struct api *api)
{
    return api->version;
}
