"""/api/v1/boards"""

from service import shapes
from service.feedback import boards
from service.web import cursors
from service.web.operations import Created, operation


class Boards:
    @operation("List boards", query=shapes.Paged, answers=shapes.Boards)
    def on_get(self, call):
        page, following = cursors.part(boards.of(call.reader), call.query, "boards")
        return shapes.Boards([shapes.board(board) for board in page], following)

    @operation("Make a board", takes=shapes.NewBoard, answers=shapes.Board, scope="admin")
    def on_post(self, call):
        new = call.body
        made = boards.create(call.reader, new.key, new.name, new.description, new.access, new.segments, new.position,
                             new.approve_first)  # fmt: skip
        return Created(f"/api/v1/boards/{made.key}", shapes.board(made))


class Board:
    @operation("One board", answers=shapes.Board)
    def on_get(self, call, board):
        return shapes.board(boards.find(call.reader, board))

    @operation("Change a board", takes=shapes.BoardChange, answers=shapes.Board, scope="admin")
    def on_patch(self, call, board):
        new = call.body
        return shapes.board(boards.change(
            call.reader, board, name=new.name, description=new.description, access=new.access, segments=new.segments,
            position=new.position, approve_first=new.approve_first,
        ))  # fmt: skip

    @operation("Take a board away", query=shapes.Removal, scope="admin")
    def on_delete(self, call, board):
        """Its posts move `into` another board, which must be named if there are any."""
        boards.delete(call.reader, board, call.query.into)
