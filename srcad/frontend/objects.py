"""Objects: how calls of classes make them, and the builtins and functions of `dataclasses` that take them."""

from __future__ import annotations

import collections
import copy
import dataclasses
import functools
import types
from typing import Any

import gast
import numpy as np

from srcad.frontend.attributes import attribute, attributes, own_attribute, set_attribute
from srcad.frontend.builtin_calls import builtin
from srcad.frontend.classes import class_of
from srcad.frontend.dicts import made as made_dict
from srcad.frontend.machine import Frame
from srcad.frontend.numpy_calls import call_operation
from srcad.frontend.origins import attributes_of, within
from srcad.frontend.places import operation_of
from srcad.frontend.special import Local, class_with, container_class, method_of
from srcad.frontend.subclasses import construct_container, is_made_so, set_attribute_of
from srcad.frontend.values import (
    MISSING,
    NONE,
    Closure,
    Const,
    Entries,
    Fields,
    Items,
    Missing,
    Num,
    Partial,
    Ref,
    Refused,
    Sequence,
    Tup,
    describe,
    static,
)
from srcad.runtime.outputs import stop_gradient

STOP = operation_of(stop_gradient)
DEFAULT = (bool, int, float, complex, str, type(None))


def construct(frame: Frame, cls: type, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """An object of a class: a named tuple, a dataclass, what `__init__` makes; None if it is no class of these."""
    if issubclass(cls, tuple) and hasattr(cls, "_fields"):
        return _named_tuple(cls, args, kwargs)
    if method_of(type(cls), "__call__") is not None:
        raise Refused(f"making a {cls.__name__}", "its metaclass makes its objects in a way of its own",
                      "make the object outside of the function")
    if is_made_so(cls):
        return construct_container(frame, cls, args, kwargs)
    if cls is types.SimpleNamespace and not args:
        return frame.machine.new(Fields(cls, tuple(kwargs.items())))
    home = next((c for c in cls.__mro__ if "__init__" in c.__dict__), object)
    if dataclasses.is_dataclass(home) and home.__init__.__code__.co_filename == "<string>":  # type: ignore[misc]
        return _dataclass(frame, cls, home, args, kwargs)
    init = method_of(cls, "__init__")
    if cls.__new__ is not object.__new__ or issubclass(cls, BaseException) or (  # type: ignore[comparison-overlap]
            init is None and (args or kwargs or cls.__init__ is not object.__init__)):  # type: ignore[misc]
        return None
    made = frame.machine.new(Fields(cls, ()))
    if init is not None:
        frame.call(init, [made, *args], kwargs)
        made.cell.hint = ""
    return made


def _named_tuple(cls: Any, args: list[Any], kwargs: dict[str, Any]) -> Tup:
    defaults = getattr(cls, "_field_defaults", {})
    values = dict(zip(cls._fields, args, strict=False)) | kwargs
    missing = [f for f in cls._fields if f not in values and f not in defaults]
    if missing or len(values) > len(cls._fields):
        raise Refused(f"{cls.__name__} with other fields than it has")
    return Tup(tuple(values[f] if f in values else Const(defaults[f]) for f in cls._fields), cls)


def _dataclass(frame: Frame, cls: type, home: Any, args: list[Any], kwargs: dict[str, Any]) -> Ref:
    """An object by the `__init__` that `@dataclass` made for `home`, the class or a base of it."""
    kinds = {name: f._field_type.name for name, f in home.__dataclass_fields__.items()}
    fields = [f for f in home.__dataclass_fields__.values() if kinds[f.name] != "_FIELD_CLASSVAR"]
    positional = [f.name for f in fields if f.init and not f.kw_only]
    if len(args) > len(positional) or not kwargs.keys() <= {f.name for f in fields}:
        raise Refused(f"{cls.__name__} with other fields than it has")
    values = dict(zip(positional, args, strict=False)) | kwargs
    for f in fields:
        if f.name not in values:
            if (value := _default(frame, cls, f)) is not None:
                values[f.name] = value
            elif f.init:
                raise Refused(f"{cls.__name__} without its field `{f.name}`")
    own = {f.name: values[f.name] for f in fields if f.name in values and kinds[f.name] == "_FIELD"}
    made = frame.machine.new(Fields(cls, tuple(own.items())))
    after = method_of(cls, "__post_init__")
    if after is not None:
        frame.call(after, [made, *(values[f.name] for f in fields if kinds[f.name] == "_FIELD_INITVAR")])
    return made


def _default(frame: Frame, cls: type, f: Any) -> Any:
    """The value of a field that is not given; None if it has none."""
    if f.default is not dataclasses.MISSING:
        return Const(f.default) if isinstance(f.default, DEFAULT) else frame.machine.capture(
            ("default", id(cls), f.name), f.name, within(f, "attr", "default"))
    return frame.call(Const(f.default_factory), []) if f.default_factory is not dataclasses.MISSING else None


# Builtins on objects.


@builtin(vars)
def _vars(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    fields = frame.machine.content(args[0]) if args and isinstance(args[0], Ref) else None
    if not isinstance(fields, Fields):
        raise Refused("vars of something that is not an object of a user's class")
    return attributes(frame, args[0], fields)


@builtin(setattr, object.__setattr__)
def _setattr(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    owner, name, value = args
    if container_class(owner) is not None:
        set_attribute_of(frame, owner, static(name, "the name of an attribute"), value)
        return NONE
    if class_with(frame, owner) is None:
        raise Refused(f"setattr of {describe(owner)}")
    set_attribute(frame, owner, static(name, "the name of an attribute"), value)
    return NONE


@builtin(delattr, object.__delattr__)
def _delattr(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return _setattr(frame, [*args, MISSING], {})


@builtin(dataclasses.replace, getattr(copy, "replace", dataclasses.replace))
def _replace(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    (owner,) = args
    if isinstance(owner, Tup):
        return frame.call(attribute(frame, owner, "_replace"), [], kwargs)
    cls = class_of(frame, owner)
    if not dataclasses.is_dataclass(cls):
        raise Refused(f"replace of {describe(owner)}", "it is no dataclass")
    given = {f.name: kwargs[f.name] if f.name in kwargs else attribute(frame, owner, f.name)
             for f in dataclasses.fields(cls) if f.init}
    return frame.call(Const(cls), [], given)


@builtin(dataclasses.fields)
def _fields(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    cls = args[0].value if isinstance(args[0], Const) and isinstance(args[0].value, type) else class_of(frame, args[0])
    if not dataclasses.is_dataclass(cls):
        raise Refused(f"the fields of {describe(args[0])}", "it is no dataclass")
    return Tup(tuple(map(Const, dataclasses.fields(cls))))


@builtin(dataclasses.is_dataclass)
def _is_dataclass(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return Const(dataclasses.is_dataclass(class_of(frame, args[0])))


@builtin(dataclasses.asdict)
def _asdict(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return _plain(frame, args[0], lambda fields: made_dict(frame, fields))


@builtin(dataclasses.astuple)
def _astuple(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return _plain(frame, args[0], lambda fields: Tup(tuple(fields.values())))


def _plain(frame: Frame, value: Any, made: Any) -> Any:
    """A dataclass, and those in it, as plain containers; arrays are copied, as `asdict` does."""
    cls = class_of(frame, value)
    if isinstance(value, Ref) and dataclasses.is_dataclass(cls):
        return made({f.name: _plain(frame, attribute(frame, value, f.name), made) for f in dataclasses.fields(cls)})
    if isinstance(value, Num) and value.atom.type.kind == "array":
        return frame.call(Const(np.copy), [value])
    return mapped(frame, lambda v: _plain(frame, v, made), value)


def mapped(frame: Frame, f: Any, value: Any) -> Any:
    """A container of the same kind with `f` of what it holds; what is no container as it is."""
    match value:
        case Tup(items=items, cls=cls):
            return Tup(tuple(map(f, items)), cls)
        case Ref():
            match frame.machine.content(value):
                case Items(values=values):
                    return frame.machine.new(Items(tuple(map(f, values))))
                case Entries(values=entries):
                    return made_dict(frame, {k: f(v) for k, v in entries}, value.cell.cls, value.cell.rule)
        case _:
            return value
    return value


@builtin(stop_gradient)
def _stopped(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Of a tree: its numbers and arrays are constants."""
    return _constant(frame, args[0])


def _constant(frame: Frame, value: Any) -> Any:
    content = frame.machine.content(value) if isinstance(value, Ref) else None
    if isinstance(content, Fields):
        names = [k for k, _ in content.values] if content.given is None else list(attributes_of(
            content.given.origin.now))
        own = {k: own_attribute(frame, content, k) for k in names}
        return frame.machine.new(Fields(content.cls, tuple(
            (k, _constant(frame, v)) for k, v in own.items() if not isinstance(v, Missing))))
    if isinstance(content, Sequence):
        return frame.machine.new(Sequence(frame.build.call(STOP, content.atom)))
    if isinstance(value, Num):
        return call_operation(frame, STOP, [value], {})
    return mapped(frame, lambda v: _constant(frame, v), value)


@builtin(copy.copy, copy.deepcopy)
def _copied(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    (value, *_) = args
    content = frame.machine.content(value) if isinstance(value, Ref) else None
    if isinstance(content, Fields):
        own = attributes(frame, value, content)
        parts = frame.machine.content(own).values
        return frame.machine.new(Fields(content.cls, tuple((k, _deep(frame, v)) for k, v in parts)))
    return _deep(frame, value)


def _deep(frame: Frame, value: Any) -> Any:
    if isinstance(value, Num) and value.atom.type.kind == "array":
        return frame.call(Const(np.copy), [value])
    if isinstance(value, Ref) and isinstance(frame.machine.content(value), Fields):
        return _copied(frame, [value], {})
    return mapped(frame, lambda v: _deep(frame, v), value)


@builtin(functools.wraps)
def _wraps(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """`@wraps(f)` changes nothing that is differentiated."""
    return Const(undecorated)


@builtin(functools.lru_cache, functools.cache)
def _cache(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Neither does a cache, with parameters or without."""
    return args[0] if len(args) == 1 and isinstance(args[0], Closure | Partial) else Const(undecorated)


def undecorated(f: Any) -> Any:
    return f


@builtin(undecorated)
def _undecorated(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return args[0]


@builtin(collections.namedtuple)
def _namedtuple(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    name, names = args[0], args[1]
    if isinstance(names, Ref):
        names = Tup(tuple(frame.machine.content(names).values))
    return Const(collections.namedtuple(static(name, "a name"), static(names, "names of fields"),
                                        **{k: static(v, f"`{k}`") for k, v in kwargs.items()}))


# Classes that the code defines.


def define_class(frame: Frame, node: Any) -> Any:
    """A class with the attributes that its body binds; methods see the names around the class, not those in it."""
    bases = tuple(static(frame.evaluate(b), "a base class") for b in node.bases)
    if node.keywords:
        raise Refused("a class defined in a function, with keywords", hint="define it outside")
    args = gast.arguments(args=[], posonlyargs=[], vararg=None, kwonlyargs=[], kw_defaults=[], kwarg=None, defaults=[])
    tree = gast.FunctionDef(name=node.name, args=args, body=node.body, decorator_list=[], returns=None,
                            type_comment=None, type_params=[])
    gast.copy_location(tree, node)
    inner = Frame(frame.machine, frame.source, tree, frame)
    inner.execute(node.body)
    state = frame.machine.state
    found = {name: state[inner.scope, name] for name in inner.names if (inner.scope, name) in state}
    namespace = {k: _attribute(v, frame) for k, v in found.items()}
    namespace["__annotations__"] = {s.target.id: object for s in node.body if isinstance(s, gast.AnnAssign)}
    cls: Any = type(node.name, bases, {"__module__": "__main__", **namespace})
    for value in found.values():
        if isinstance(value, Closure):
            value.tree.owner = cls
    inner.drop()
    for decorator in reversed(node.decorator_list):
        made = static(frame.evaluate(decorator), "a decorator of a class")
        if made is not dataclasses.dataclass:
            raise Refused("a decorated class in a function", hint="define it outside")
        cls = made(cls)
    return Const(cls)


def _attribute(value: Any, frame: Frame) -> Any:
    if isinstance(value, Closure):
        return Local(dataclasses.replace(value, frame=frame.keep()))
    return value.value if isinstance(value, Const) else Local(value)
