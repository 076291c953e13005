/*
 * json.c - JSON values behind cJSON's names: what the conformance runner needs on a machine that
 * has only a C library. Memory that runs out ends the program; a test may.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *need(void *memory)
{
    if (memory == NULL) {
        fputs("json: no memory\n", stderr);
        exit(1);
    }
    return memory;
}

void *cJSON_malloc(size_t size)
{
    return need(malloc(size));
}

void cJSON_free(void *pointer)
{
    free(pointer);
}

static char *copy_text(const char *text)
{
    size_t size = strlen(text) + 1;

    return memcpy(cJSON_malloc(size), text, size);
}

static cJSON *make(int type)
{
    cJSON *item = need(calloc(1, sizeof *item));

    item->type = type;
    return item;
}

void cJSON_Delete(cJSON *item)
{
    while (item != NULL) {
        cJSON *next = item->next;

        cJSON_Delete(item->child);
        free(item->valuestring);
        free(item->string);
        free(item);
        item = next;
    }
}

/* ---- types and lists ------------------------------------------------------------------------ */

static int is(const cJSON *item, int types)
{
    return item != NULL && (item->type & types) != 0;
}

cJSON_bool cJSON_IsTrue(const cJSON *item)
{
    return is(item, cJSON_True);
}

cJSON_bool cJSON_IsBool(const cJSON *item)
{
    return is(item, cJSON_True | cJSON_False);
}

cJSON_bool cJSON_IsNull(const cJSON *item)
{
    return is(item, cJSON_NULL);
}

cJSON_bool cJSON_IsNumber(const cJSON *item)
{
    return is(item, cJSON_Number);
}

cJSON_bool cJSON_IsString(const cJSON *item)
{
    return is(item, cJSON_String);
}

cJSON_bool cJSON_IsArray(const cJSON *item)
{
    return is(item, cJSON_Array);
}

cJSON_bool cJSON_IsObject(const cJSON *item)
{
    return is(item, cJSON_Object);
}

char *cJSON_GetStringValue(const cJSON *item)
{
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

char *cJSON_SetValuestring(cJSON *item, const char *text)
{
    char *old = item->valuestring;

    item->valuestring = copy_text(text); /* it may be part of the old one */
    free(old);
    return item->valuestring;
}

int cJSON_GetArraySize(const cJSON *array)
{
    const cJSON *item;
    int size = 0;

    cJSON_ArrayForEach(item, array)
    {
        size++;
    }
    return size;
}

cJSON *cJSON_GetArrayItem(const cJSON *array, int index)
{
    cJSON *item;

    cJSON_ArrayForEach(item, array)
    {
        if (index-- == 0) {
            return item;
        }
    }
    return NULL;
}

cJSON *cJSON_GetObjectItemCaseSensitive(const cJSON *object, const char *name)
{
    cJSON *item;

    cJSON_ArrayForEach(item, object)
    {
        if (item->string != NULL && strcmp(item->string, name) == 0) {
            return item;
        }
    }
    return NULL;
}

cJSON_bool cJSON_AddItemToArray(cJSON *array, cJSON *item)
{
    if (array == NULL || item == NULL) {
        return 0;
    }
    item->next = NULL;
    if (array->child == NULL) {
        array->child = item->prev = item;
    } else {
        item->prev = array->child->prev;
        item->prev->next = item;
        array->child->prev = item;
    }
    return 1;
}

cJSON_bool cJSON_AddItemToObject(cJSON *object, const char *name, cJSON *item)
{
    if (object == NULL || item == NULL) {
        return 0;
    }
    free(item->string);
    item->string = copy_text(name);
    return cJSON_AddItemToArray(object, item);
}

cJSON *cJSON_DetachItemViaPointer(cJSON *parent, cJSON *item)
{
    if (parent == NULL || item == NULL) {
        return NULL;
    }
    if (item == parent->child) {
        parent->child = item->next;
    } else {
        item->prev->next = item->next;
    }
    if (item->next != NULL) {
        item->next->prev = item->prev;
    } else if (parent->child != NULL) {
        parent->child->prev = item->prev;
    }
    item->next = item->prev = NULL;
    return item;
}

cJSON *cJSON_DetachItemFromArray(cJSON *array, int index)
{
    return cJSON_DetachItemViaPointer(array, cJSON_GetArrayItem(array, index));
}

cJSON *cJSON_DetachItemFromObject(cJSON *object, const char *name)
{
    return cJSON_DetachItemViaPointer(object, cJSON_GetObjectItemCaseSensitive(object, name));
}

void cJSON_DeleteItemFromObjectCaseSensitive(cJSON *object, const char *name)
{
    cJSON_Delete(cJSON_DetachItemFromObject(object, name));
}

cJSON_bool cJSON_ReplaceItemInObjectCaseSensitive(cJSON *object, const char *name, cJSON *item)
{
    cJSON *old = cJSON_GetObjectItemCaseSensitive(object, name);
    cJSON *next = old != NULL ? old->next : NULL;

    if (old == NULL) {
        return 0;
    }
    cJSON_Delete(cJSON_DetachItemViaPointer(object, old));
    cJSON_AddItemToObject(object, name, item);
    /* To its place: what followed it is moved behind it, one by one. */
    while (next != NULL) {
        cJSON *after = next->next;

        if (next == item) {
            break;
        }
        cJSON_AddItemToArray(object, cJSON_DetachItemViaPointer(object, next));
        next = after;
    }
    return 1;
}

/* ---- making --------------------------------------------------------------------------------- */

cJSON *cJSON_CreateNull(void)
{
    return make(cJSON_NULL);
}

cJSON *cJSON_CreateBool(cJSON_bool value)
{
    return make(value ? cJSON_True : cJSON_False);
}

cJSON *cJSON_CreateTrue(void)
{
    return make(cJSON_True);
}

cJSON *cJSON_CreateNumber(double value)
{
    cJSON *item = make(cJSON_Number);

    item->valuedouble = value;
    return item;
}

cJSON *cJSON_CreateString(const char *text)
{
    cJSON *item = make(cJSON_String);

    item->valuestring = copy_text(text);
    return item;
}

cJSON *cJSON_CreateArray(void)
{
    return make(cJSON_Array);
}

cJSON *cJSON_CreateObject(void)
{
    return make(cJSON_Object);
}

static cJSON *add(cJSON *object, const char *name, cJSON *item)
{
    if (!cJSON_AddItemToObject(object, name, item)) {
        cJSON_Delete(item);
        return NULL;
    }
    return item;
}

cJSON *cJSON_AddNullToObject(cJSON *object, const char *name)
{
    return add(object, name, cJSON_CreateNull());
}

cJSON *cJSON_AddTrueToObject(cJSON *object, const char *name)
{
    return add(object, name, cJSON_CreateTrue());
}

cJSON *cJSON_AddBoolToObject(cJSON *object, const char *name, cJSON_bool value)
{
    return add(object, name, cJSON_CreateBool(value));
}

cJSON *cJSON_AddNumberToObject(cJSON *object, const char *name, double value)
{
    return add(object, name, cJSON_CreateNumber(value));
}

cJSON *cJSON_AddStringToObject(cJSON *object, const char *name, const char *text)
{
    return add(object, name, cJSON_CreateString(text));
}

cJSON *cJSON_AddArrayToObject(cJSON *object, const char *name)
{
    return add(object, name, cJSON_CreateArray());
}

cJSON *cJSON_AddObjectToObject(cJSON *object, const char *name)
{
    return add(object, name, cJSON_CreateObject());
}

cJSON *cJSON_Duplicate(const cJSON *item, cJSON_bool deep)
{
    const cJSON *child;
    cJSON *copy;

    if (item == NULL) {
        return NULL;
    }
    copy = make(item->type);
    copy->valuedouble = item->valuedouble;
    copy->valuestring = item->valuestring != NULL ? copy_text(item->valuestring) : NULL;
    copy->string = item->string != NULL ? copy_text(item->string) : NULL;
    if (deep) {
        cJSON_ArrayForEach(child, item)
        {
            cJSON_AddItemToArray(copy, cJSON_Duplicate(child, 1));
        }
    }
    return copy;
}

/* Members of an object in any order. Only the case of letters that differs counts here. */
cJSON_bool cJSON_Compare(const cJSON *a, const cJSON *b, cJSON_bool case_sensitive)
{
    const cJSON *x, *y;

    if (a == NULL || b == NULL || a->type != b->type) {
        return 0;
    }
    if (a->type == cJSON_Number) {
        return a->valuedouble >= b->valuedouble && a->valuedouble <= b->valuedouble;
    }
    if (a->valuestring != NULL && strcmp(a->valuestring, b->valuestring) != 0) {
        return 0;
    }
    if (cJSON_GetArraySize(a) != cJSON_GetArraySize(b)) {
        return 0;
    }
    y = b->child;
    cJSON_ArrayForEach(x, a)
    {
        if (a->type == cJSON_Object) {
            y = cJSON_GetObjectItemCaseSensitive(b, x->string);
        }
        if (!cJSON_Compare(x, y, case_sensitive)) {
            return 0;
        }
        y = y->next;
    }
    return 1;
}
