/* Counts the scalars of a YAML document by libyaml's event parser. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <yaml.h>

static PyObject *count(PyObject *self, PyObject *args)
{
    const char *text;
    Py_ssize_t length;
    yaml_parser_t parser;
    yaml_event_t event;
    long leaves = 0;
    int done = 0;

    if (!PyArg_ParseTuple(args, "y#", &text, &length))
        return NULL;
    if (!yaml_parser_initialize(&parser))
        return PyErr_NoMemory();
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, (size_t)length);
    while (!done) {
        if (!yaml_parser_parse(&parser, &event)) {
            PyErr_Format(PyExc_ValueError, "line %zu: %s", parser.problem_mark.line + 1,
                         parser.problem ? parser.problem : "no YAML");
            yaml_parser_delete(&parser);
            return NULL;
        }
        if (event.type == YAML_SCALAR_EVENT)
            leaves++;
        done = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return PyLong_FromLong(leaves);
}

static PyObject *libyaml_version(PyObject *self, PyObject *unused)
{
    return PyUnicode_FromString(yaml_get_version_string());
}

static PyMethodDef methods[] = {
    {"count", count, METH_VARARGS, "Number of scalars in a YAML document given as bytes."},
    {"libyaml_version", libyaml_version, METH_NOARGS, "Version of the libyaml in use."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_leaves", NULL, -1, methods,
};

PyMODINIT_FUNC PyInit__leaves(void)
{
    return PyModule_Create(&module);
}
