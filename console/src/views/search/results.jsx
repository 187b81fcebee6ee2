// The hits, which can be dragged, pinned, hidden, boosted and asked why.

import { useRef, useState } from "preact/hooks";
import { useCell } from "../../core/cell.js";
import { money, number } from "../../core/format.js";
import { Button, Chip, Field, NumberInput } from "../../parts/controls.jsx";
import { Dialog, Menu } from "../../parts/dialog.jsx";
import { Icon } from "../../parts/icons.jsx";
import { Move } from "../../parts/moves.jsx";
import { announce, say } from "../../parts/notices.jsx";
import { Marked, Picture, remember } from "../../parts/product.jsx";
import { useDrag } from "./drag.js";
import { changeDraft, hidden, lifted, pinned, productOf, queryDraft, released } from "./draft.js";
import { Explanation } from "./explanation.jsx";

const LIFT_PERCENT = 30;

/** What the draft does to each product. */
function actionsByProduct(draft) {
  const actions = new Map();
  for (const action of draft?.rule.then ?? []) {
    const id = productOf(action);
    if (id) actions.set(id, action);
  }
  return actions;
}

export function Results({ index, q, page, moves = [] }) {
  const list = useRef(null);
  const draft = useCell(queryDraft(index));
  const [held, setHeld] = useState(null);
  const [moving, setMoving] = useState(null);
  const offset = (page.page - 1) * page.per_page;
  for (const { product } of page.hits) remember(index, product);
  const change = (edit) => changeDraft(index, q, edit).catch((error) => say(error.message, "bad"));
  const pin = async (hit, position) => {
    await change((actions) => pinned(actions, hit.id, position));
    announce(`${hit.product.title} is pinned to position ${position}. Draft, not saved.`);
  };
  const drop = (from, target) => pin(page.hits[from], offset + target + 1);
  const { dragged, gap, start } = useDrag(list, drop);
  const keys = useHolding({ page, held, setHeld, offset, pin });
  const shown = held ? rearranged(page.hits, held) : page.hits;
  const acted = actionsByProduct(draft);
  const byId = new Map(moves.map((move) => [move.id, move]));
  return (
    <>
      <ol class="results" ref={list} start={offset + 1} aria-label="Results">
        {shown.map((hit, place) => (
          <Hit
            key={hit.id}
            hit={hit}
            place={place}
            position={offset + place + 1}
            move={byId.get(hit.id)}
            action={acted.get(hit.id)}
            isDragged={dragged === place}
            isHeld={held?.id === hit.id}
            gap={
              dragged === null
                ? ""
                : gap === place
                  ? "gap-before"
                  : gap === place + 1 && place + 1 === shown.length
                    ? "gap-after"
                    : ""
            }
            start={start(place)}
            keys={keys(hit, place)}
            onMove={() => setMoving(hit)}
            onPin={() => pin(hit, offset + place + 1)}
            change={change}
          />
        ))}
      </ol>
      {moving && (
        <MoveDialog
          hit={moving}
          onClose={() => setMoving(null)}
          onMove={(position) => {
            setMoving(null);
            pin(moving, position);
          }}
        />
      )}
    </>
  );
}

function rearranged(hits, { id, place }) {
  const others = hits.filter((hit) => hit.id !== id);
  return [...others.slice(0, place), hits.find((hit) => hit.id === id), ...others.slice(place)];
}

/** Dragging by keyboard: Space takes hold, arrows move, Space or Enter drops, Escape lets go. */
function useHolding({ page, held, setHeld, offset, pin }) {
  return (hit, place) => ({
    onKeyDown(event) {
      const isHeld = held?.id === hit.id;
      const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if ([" ", "Enter"].includes(event.key)) {
        event.preventDefault();
        if (!isHeld) {
          setHeld({ id: hit.id, place });
          announce(
            `Holding ${hit.product.title} at position ${offset + place + 1}. Arrows move it, Space drops it, Escape lets go.`,
          );
        } else {
          setHeld(null);
          pin(hit, offset + held.place + 1);
        }
      } else if (isHeld && step) {
        event.preventDefault();
        const next = Math.min(page.hits.length - 1, Math.max(0, held.place + step));
        setHeld({ id: hit.id, place: next });
        announce(`Position ${offset + next + 1}`);
        const handle = event.currentTarget;
        requestAnimationFrame(() => handle.focus());
      } else if (isHeld && event.key === "Escape") {
        setHeld(null);
        announce("Let go; nothing is changed.");
      }
    },
    onBlur(event) {
      // A row that moves in the page loses its focus for a moment.
      const handle = event.currentTarget;
      if (held?.id === hit.id)
        setTimeout(() => document.activeElement === handle || setHeld((now) => (now?.id === hit.id ? null : now)), 150);
    },
  });
}

const DID = { pin: "Pinned", hide: "Hidden", boost: "Boosted", bury: "Buried" };

function Hit({ hit, place, position, move, action, isDragged, isHeld, gap, start, keys, onMove, onPin, change }) {
  const [isOpen, setOpen] = useState(false);
  const { product, variant, highlights, explain } = hit;
  const id = `why-${hit.id.replace(/[^\w-]/g, "_")}-${place}`;
  const items = [
    { label: "Pin here", icon: "pin", run: onPin },
    { label: "Pin to the top", icon: "up", run: () => change((actions) => pinned(actions, hit.id, 1)) },
    { label: "Move to position…", icon: "grip", run: onMove },
    null,
    {
      label: `Boost by ${LIFT_PERCENT} %`,
      icon: "up",
      run: () => change((actions) => lifted(actions, hit.id, "boost", LIFT_PERCENT)),
    },
    {
      label: `Bury by ${LIFT_PERCENT} %`,
      icon: "down",
      run: () => change((actions) => lifted(actions, hit.id, "bury", LIFT_PERCENT)),
    },
    { label: "Hide", icon: "hide", run: () => change((actions) => hidden(actions, hit.id)) },
    ...(action
      ? [null, { label: "Undo in the draft", icon: "close", run: () => change((actions) => released(actions, hit.id)) }]
      : []),
  ];
  const state = ["hit", isDragged && "dragged", isHeld && "held", gap, action && "acted"].filter(Boolean).join(" ");
  return (
    <li class={state} data-row data-id={hit.id}>
      <div class="hit-line">
        <span class="rank" aria-label={`Position ${position}`}>
          {position}
        </span>
        <button
          type="button"
          class="handle"
          aria-label={`Move ${product.title}`}
          title="Drag to pin; or press Space, then arrows"
          aria-pressed={isHeld}
          onPointerDown={start}
          {...keys}
        >
          <Icon name="grip" />
        </button>
        <Picture product={product} color={variant?.color ?? product.color} />
        <div class="hit-text">
          <p class="hit-title">{highlights?.title ? <Marked text={highlights.title} /> : product.title}</p>
          <p class="hit-facts muted">
            <span>{product.brand}</span>
            <span>{[product.category].flat().at(-1)}</span>
            <span class="id">{hit.id}</span>
            {variant?.size && <span>size {variant.size}</span>}
          </p>
        </div>
        <div class="hit-marks">
          {action && (
            <Chip kind="accent" icon={action.do === "pin" ? "pin" : undefined}>
              {DID[action.do]}
              {action.do === "pin" ? ` at ${action.position}` : ""}
            </Chip>
          )}
          {!action && explain?.rules?.length > 0 && (
            <Chip kind="accent" title={explain.rules.join("; ")}>
              rule
            </Chip>
          )}
          <Move move={move} />
        </div>
        <Numbers product={product} variant={variant} />
        <div class="hit-tools">
          {explain && (
            <button
              type="button"
              class="why"
              aria-expanded={isOpen}
              aria-controls={isOpen ? id : undefined}
              aria-label={`Why is ${product.title} here?`}
              onClick={() => setOpen(!isOpen)}
            >
              Why?
            </button>
          )}
          <Menu label={`Actions for ${product.title}`} items={items} />
        </div>
      </div>
      {isOpen && (
        <div id={id}>
          <Explanation hit={hit} />
        </div>
      )}
    </li>
  );
}

function Numbers({ product, variant }) {
  const stock = product.stock;
  return (
    <dl class="hit-numbers">
      <div>
        <dt>Price</dt>
        <dd>{money(variant?.price ?? product.price, product.currency)}</dd>
      </div>
      <div class={stock === 0 ? "out" : ""}>
        <dt>Stock</dt>
        <dd>{stock === 0 ? "none" : number(stock)}</dd>
      </div>
      {typeof product.margin === "number" && (
        <div>
          <dt>Margin</dt>
          <dd>{Math.round(product.margin * 100)} %</dd>
        </div>
      )}
    </dl>
  );
}

function MoveDialog({ hit, onMove, onClose }) {
  const [position, setPosition] = useState(1);
  const isValid = Number.isInteger(position) && position >= 1 && position <= 1_000;
  const submit = (event) => {
    event.preventDefault();
    if (isValid) onMove(position);
  };
  return (
    <Dialog
      title="Move to position"
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" disabled={!isValid} onClick={() => onMove(position)}>
            Pin
          </Button>
        </>
      }
    >
      <form onSubmit={submit}>
        <p>{hit.product.title}</p>
        <Field label="Position, from 1">
          {(id) => <NumberInput id={id} min={1} max={1_000} step={1} value={position} onValue={setPosition} />}
        </Field>
      </form>
    </Dialog>
  );
}
