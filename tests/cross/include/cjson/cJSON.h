/*
 * cjson/cJSON.h - of cJSON's interface what the conformance runner uses, for machines that have no
 * cJSON to link. tests/cross/json.c has the functions.
 */
#ifndef WEIR_TESTS_CROSS_CJSON_H
#define WEIR_TESTS_CROSS_CJSON_H

#include <stddef.h>

enum {
    cJSON_False = 1 << 0,
    cJSON_True = 1 << 1,
    cJSON_NULL = 1 << 2,
    cJSON_Number = 1 << 3,
    cJSON_String = 1 << 4,
    cJSON_Array = 1 << 5,
    cJSON_Object = 1 << 6,
    cJSON_Raw = 1 << 7
};

#define CJSON_NESTING_LIMIT 1000 /* levels of lists and objects */

typedef int cJSON_bool;

/* A value. Those of one list or object are linked; the first one's prev is the last one. */
typedef struct cJSON {
    struct cJSON *next, *prev, *child;
    int type;
    char *valuestring;
    double valuedouble;
    char *string; /* the member's name */
} cJSON;

#define cJSON_ArrayForEach(element, array)                                                         \
    for ((element) = (array) != NULL ? (array)->child : NULL; (element) != NULL;                   \
         (element) = (element)->next)
/* As a function there; here it needs no more. */
#define cJSON_SetNumberValue(item, number) ((item)->valuedouble = (number))

cJSON *cJSON_Parse(const char *text);
cJSON *cJSON_ParseWithLength(const char *text, size_t length);
cJSON *cJSON_ParseWithOpts(const char *text, const char **end, cJSON_bool whole);
cJSON *cJSON_ParseWithLengthOpts(const char *text, size_t length, const char **end,
                                 cJSON_bool whole);
char *cJSON_PrintUnformatted(const cJSON *item);
void cJSON_Delete(cJSON *item);
void *cJSON_malloc(size_t size);
void cJSON_free(void *pointer);

cJSON_bool cJSON_IsTrue(const cJSON *item);
cJSON_bool cJSON_IsBool(const cJSON *item);
cJSON_bool cJSON_IsNull(const cJSON *item);
cJSON_bool cJSON_IsNumber(const cJSON *item);
cJSON_bool cJSON_IsString(const cJSON *item);
cJSON_bool cJSON_IsArray(const cJSON *item);
cJSON_bool cJSON_IsObject(const cJSON *item);

char *cJSON_GetStringValue(const cJSON *item);
char *cJSON_SetValuestring(cJSON *item, const char *text);
int cJSON_GetArraySize(const cJSON *array);
cJSON *cJSON_GetArrayItem(const cJSON *array, int index);
cJSON *cJSON_GetObjectItemCaseSensitive(const cJSON *object, const char *name);
cJSON_bool cJSON_Compare(const cJSON *a, const cJSON *b, cJSON_bool case_sensitive);
cJSON *cJSON_Duplicate(const cJSON *item, cJSON_bool deep);

cJSON *cJSON_CreateNull(void);
cJSON *cJSON_CreateTrue(void);
cJSON *cJSON_CreateBool(cJSON_bool value);
cJSON *cJSON_CreateNumber(double value);
cJSON *cJSON_CreateString(const char *text);
cJSON *cJSON_CreateArray(void);
cJSON *cJSON_CreateObject(void);

cJSON_bool cJSON_AddItemToArray(cJSON *array, cJSON *item);
cJSON_bool cJSON_AddItemToObject(cJSON *object, const char *name, cJSON *item);
cJSON *cJSON_AddNullToObject(cJSON *object, const char *name);
cJSON *cJSON_AddTrueToObject(cJSON *object, const char *name);
cJSON *cJSON_AddBoolToObject(cJSON *object, const char *name, cJSON_bool value);
cJSON *cJSON_AddNumberToObject(cJSON *object, const char *name, double value);
cJSON *cJSON_AddStringToObject(cJSON *object, const char *name, const char *text);
cJSON *cJSON_AddArrayToObject(cJSON *object, const char *name);
cJSON *cJSON_AddObjectToObject(cJSON *object, const char *name);
cJSON *cJSON_DetachItemViaPointer(cJSON *parent, cJSON *item);
cJSON *cJSON_DetachItemFromArray(cJSON *array, int index);
cJSON *cJSON_DetachItemFromObject(cJSON *object, const char *name);
void cJSON_DeleteItemFromObjectCaseSensitive(cJSON *object, const char *name);
cJSON_bool cJSON_ReplaceItemInObjectCaseSensitive(cJSON *object, const char *name, cJSON *item);

#endif
