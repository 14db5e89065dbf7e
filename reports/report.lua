-- Classes of the first page, of notices and asides, as calls of the functions in typst-template.typ.
-- HTML keeps them as classes, which report.css dresses. Both renderers use this filter.

local blocks = { dateline = true, notice = true, gates = true, ['all-clear'] = true, lead = true, note = true }
local spans = {
  ['gate-mark'] = true, verdict = true, amount = true, ['headline-label'] = true, ['headline-value'] = true,
  ['headline-unit'] = true, ['headline-interval'] = true, ['headline-change'] = true, ['headline-source'] = true,
}

local function raw(text) return pandoc.RawBlock('typst', text) end

local function headlines(div)
  local out = pandoc.Blocks { raw '#headlines(' }
  for _, card in ipairs(div.content) do
    out:insert(raw '[')
    if card.t == 'Div' then out:extend(card.content) else out:insert(card) end
    out:insert(raw '],')
  end
  out:insert(raw ')')
  return out
end

local function typst_div(div)
  local class = div.classes[1]
  if class == 'headlines' then return headlines(div) end
  if class == 'screen-only' then return {} end
  if blocks[class] then
    local out = pandoc.Blocks { raw('#' .. class .. '[') }
    out:extend(div.content)
    out:insert(raw ']')
    return out
  end
end

local function typst_span(span)
  local class = span.classes[1]
  if spans[class] then
    local out = pandoc.Inlines { pandoc.RawInline('typst', '#' .. class .. '[') }
    out:extend(span.content)
    out:insert(pandoc.RawInline('typst', ']'))
    return out
  end
end

if FORMAT:match 'typst' then
  -- from the outside in, so that the cards are still divs when their container is met
  return { { traverse = 'topdown', Div = typst_div }, { Span = typst_span } }
end
return {}
