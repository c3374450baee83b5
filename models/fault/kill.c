/*
 * kill.c - somebody deletes pods of a workload.
 *
 * The victims are chosen among the active pods at that moment: at random, or
 * the oldest or newest.  They are deleted as kubectl delete does, with their
 * own grace, or with `grace` seconds; 0 removes them at once.  While there is no
 * API server to ask, nobody can.
 *
 * Not modelled here: a process that dies by itself (images: crash).
 */
#include <stdlib.h>
#include <string.h>

#include "models/fault.h"
#include "models/plane.h"
#include "models/pod.h"
#include "models/world.h"

enum choice { CHOOSE_RANDOM, CHOOSE_OLDEST, CHOOSE_NEWEST };

struct victims {
    int choice;
    int count;
    int grace_s;
    const char *of;
};

struct kill {
    struct victims kill;
};

static const char *const choices[] = { "random", "oldest", "newest", NULL };

static const struct field victim_fields[] = {
    FIELD_ENUM(struct victims, choice, "pod", "random", choices,
               "which of the active pods"),
    FIELD(INT32, struct victims, count, "count", "1", 1, 1e6, "pods",
          "how many of them"),
    FIELD(INT32, struct victims, grace_s, "grace", "-1", -1, 1e6, "s",
          "grace period; -1 is the pod's own, 0 removes it at once"),
    { .type = FIELD_T_STRING, .key = "of",
      .offset = offsetof(struct victims, of), .unit = "-",
      .doc = "the workload: deployment/NAME", .flags = FIELD_REQUIRED },
    FIELD_END
};

static const struct field kill_fields[] = {
    FIELD_SUB(OBJECT, struct kill, kill, "kill", victim_fields,
              struct victims, "delete pods of a workload"),
    FIELD_END
};

/* Is the pod owned by the workload, directly or by a ReplicaSet of it? */
static bool belongs(const struct world *w, const struct meta *pod,
                    enum kind kind, const char *name)
{
    const struct meta *m = pod;

    for (int depth = 0; m && depth < 4; depth++) {
        m = api_get(w->api, m->owner);
        if (m && m->kind == kind && strcmp(m->name, name) == 0)
            return true;
    }
    return false;
}

static enum kind workload(const char *of, const char **name)
{
    const char *slash = strchr(of, '/');
    char word[64];

    if (!slash || (size_t)(slash - of) >= sizeof(word))
        return KIND_NONE;
    memcpy(word, of, (size_t)(slash - of));
    word[slash - of] = '\0';
    *name = slash + 1;
    return kind_by_resource(word);
}

static const char *check(const struct spec *s, const void *fault)
{
    const struct kill *k = fault;
    const char *name = NULL;
    enum kind kind = workload(k->kill.of, &name);

    for (size_t i = 0; kind != KIND_NONE && i < s->nmanifests; i++)
        if (s->manifests[i].kind == kind &&
            strcmp(s->manifests[i].name, name) == 0)
            return NULL;
    return "kill.of names no workload of the manifests";
}

static void strike(struct world *w, const void *fault, struct stream *luck)
{
    const struct victims *v = &((const struct kill *)fault)->kill;
    const char *name = NULL;
    enum kind kind = workload(v->of, &name);
    VEC(object_uid) active = { 0 };

    if (plane_api_down(w)) {
        record_note(w, "Fault", "Missed", "", "kill",
                    "nobody can delete pods without an API server");
        return;
    }
    for (size_t i = 0; i < api_count(w->api, KIND_POD); i++) {
        const struct meta *m = api_at(w->api, KIND_POD, i);

        if (pod_active(pod_seen(m)) && belongs(w, m, kind, name))
            vec_push(w->arena, &active, m->uid);
    }
    for (int k = 0; k < v->count && active.len > 0; k++) {
        size_t i = v->choice == CHOOSE_OLDEST   ? 0
                   : v->choice == CHOOSE_NEWEST ? active.len - 1
                   : stream_below(luck, (uint32_t)active.len);

        api_delete(w->api, active.items[i], v->grace_s);
        vec_remove(&active, i);
    }
}

const struct fault_ops fault_kill = {
    .name = "kill", .doc = "delete pods of a workload",
    .fields = kill_fields, .spec_size = sizeof(struct kill),
    .check = check, .strike = strike,
};
